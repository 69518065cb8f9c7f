// Links made by npm kill-the-clipboard, hosted on loopback for our receiver.
// Prints one line of JSON, then serves until its standard input ends.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const from = createRequire(pathToFileURL(process.argv[2] + '/x.js'));
const ktc = await import(pathToFileURL(from.resolve('kill-the-clipboard')).href);

const files = new Map(); // path -> body
const manifests = new Map(); // path -> {builder, passcode, left}
let base;

const server = createServer((req, res) => {
  const path = new URL(req.url, base).pathname;
  let body = '';
  req.on('data', d => (body += d));
  req.on('end', async () => {
    if (req.method === 'GET' && files.has(path)) {
      res.setHeader('content-type', path.endsWith('.json') ? 'application/json' : 'application/jose');
      res.end(files.get(path));
      return;
    }
    const m = manifests.get(path);
    if (req.method !== 'POST' || !m) {
      res.statusCode = 404;
      res.end();
      return;
    }
    const ask = JSON.parse(body);
    if (m.passcode && ask.passcode !== m.passcode) {
      res.statusCode = 401;
      res.setHeader('content-type', 'application/json');
      res.end(JSON.stringify({ remainingAttempts: --m.left }));
      return;
    }
    const manifest = await m.builder.buildManifest({ embeddedLengthMax: ask.embeddedLengthMax, status: 'can-change' });
    res.setHeader('content-type', 'application/json');
    res.end(JSON.stringify(manifest));
  });
});
await new Promise(done => server.listen(0, '127.0.0.1', done));
base = `http://127.0.0.1:${server.address().port}`;

const observations = [...Array(3000).keys()].map(i => ({
  fullUrl: `https://example.org/fhir/Observation/${i}`,
  resource: { resourceType: 'Observation', id: `${i}`, status: 'final', code: { text: 'the same again' }, subject: { reference: 'Patient/123' } },
}));
const patient = {
  fullUrl: 'https://example.org/fhir/Patient/123',
  resource: { resourceType: 'Patient', id: '123', name: [{ family: 'Doé', given: ['John'] }], birthDate: '1990-01-01' },
};
const bundle = entry => ({ resourceType: 'Bundle', type: 'collection', entry: [patient, ...entry] });
const small = bundle([]);
const big = bundle(observations); // inflates to more than ten times its size

const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
const issuer = new ktc.SHCIssuer({ issuer: base, privateKey: pair.privateKey, publicKey: pair.publicKey });
const card = await issuer.issue(small);
const jwk = await crypto.subtle.exportKey('jwk', pair.publicKey);
const kid = await ktc.deriveKidFromPublicKey(pair.publicKey);
files.set('/.well-known/jwks.json', JSON.stringify({ keys: [{ kty: 'EC', crv: 'P-256', x: jwk.x, y: jwk.y, use: 'sig', alg: 'ES256', kid }] }));

let n = 0;
async function manifest(name, { flag, passcode, add, embeddedLengthMax }) {
  const shl = ktc.SHL.generate({ baseManifestURL: base + '/m/', manifestPath: '/manifest.json', label: `Interop ${name} é`, flag,
    expirationDate: new Date(Date.now() + 600_000) });
  const builder = new ktc.SHLManifestBuilder({
    shl,
    uploadFile: async content => { const p = `/f/${++n}`; files.set(p, content); return p; },
    getFileURL: async p => base + p,
    loadFile: async p => files.get(p),
  });
  const want = await add(builder);
  manifests.set(new URL(shl.url).pathname, { builder, passcode, left: 5 });
  return { name, uri: shl.toURI(), passcode, embeddedLengthMax, want };
}

async function direct(name, content, contentType, enableCompression, flag) {
  const shl = ktc.SHL.generate({ baseManifestURL: base + '/d/', flag, expirationDate: new Date(Date.now() + 600_000) });
  files.set(new URL(shl.url).pathname, await ktc.encryptSHLFile({ content, key: shl.key, contentType, enableCompression }));
  return { name, uri: 'https://viewer.example.org/#' + shl.toURI(), want: [content] };
}

const json = JSON.stringify;
const links = [
  await manifest('embedded', { add: async b => { await b.addFHIRResource({ content: small, enableCompression: false }); return [json(small)]; } }),
  await manifest('located', { flag: 'L', embeddedLengthMax: 10, add: async b => { await b.addFHIRResource({ content: small }); return [json(small)]; } }),
  await manifest('compressed', { add: async b => { await b.addFHIRResource({ content: big, enableCompression: true }); return [json(big)]; } }),
  await manifest('passcode', { flag: 'P', passcode: 'pass é "1"', add: async b => { await b.addFHIRResource({ content: small }); return [json(small)]; } }),
  await manifest('card', { add: async b => { await b.addHealthCard({ shc: card }); return [json({ verifiableCredential: [card.asJWS()] })]; } }),
  await manifest('several', { flag: 'LP', passcode: '0000', embeddedLengthMax: 2000, add: async b => {
    await b.addFHIRResource({ content: small });
    await b.addFHIRResource({ content: big, enableCompression: true });
    await b.addHealthCard({ shc: card.asJWS(), enableCompression: true });
    return [json(small), json(big), json({ verifiableCredential: [card.asJWS()] })];
  } }),
  await direct('direct', json(small), 'application/fhir+json', false, 'U'),
  await direct('direct compressed', json(big), 'application/fhir+json', true, 'LU'),
  await direct('direct card', json({ verifiableCredential: [card.asJWS()] }), 'application/smart-health-card', true, 'U'),
];
process.stdout.write(json({ base, links, jws: card.asJWS(), file: await card.asFileContent(),
  numeric: card.asQRNumeric(), chunks: card.asQRNumeric({ enableChunking: true, maxSingleQRSize: 300 }) }) + '\n');
process.stdin.resume();
process.stdin.on('end', () => { server.close(); process.exit(0); });
