// The viewer of npm kill-the-clipboard opens links that ours made: a list of
// {uri, passcode} on standard input, a list of {resources, cards, error} out.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const from = createRequire(pathToFileURL(process.argv[2] + '/x.js'));
const ktc = await import(pathToFileURL(from.resolve('kill-the-clipboard')).href);

let text = '';
for await (const d of process.stdin) text += d;
const out = [];
for (const { uri, passcode } of JSON.parse(text)) {
  try {
    const got = await new ktc.SHLViewer({ shlinkURI: uri }).resolveSHL({ recipient: 'Interop viewer', passcode, embeddedLengthMax: 4096 });
    out.push({ resources: got.fhirResources, cards: got.smartHealthCards.length });
  } catch (e) {
    out.push({ error: `${e.code}: ${e.message}` });
  }
}
process.stdout.write(JSON.stringify(out) + '\n');
