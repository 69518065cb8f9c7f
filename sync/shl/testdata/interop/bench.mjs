// How fast Node's jose opens the same files: {key, jwe: [..]} on standard
// input, for each the megabytes of plaintext in one second of processor time out.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { inflateRawSync } from 'node:zlib';

const from = createRequire(pathToFileURL(process.argv[2] + '/x.js'));
const jose = await import(pathToFileURL(from.resolve('jose')).href);

let text = '';
for await (const d of process.stdin) text += d;
const { key, jwe } = JSON.parse(text);
const secret = Buffer.from(key, 'base64url');
const out = [];
for (const one of jwe) {
  const zip = JSON.parse(Buffer.from(one.split('.')[0], 'base64url').toString()).zip;
  const open = async () => {
    const { plaintext } = await jose.compactDecrypt(one, secret, { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'],
      crit: {}, inflateRaw: b => inflateRawSync(b), maxDecompressedLength: 64 << 20 });
    return plaintext;
  };
  let error, bytes = 0, ms = 0;
  try {
    await open();
    const cpu = process.cpuUsage();
    const rounds = 5;
    for (let i = 0; i < rounds; i++) bytes += (await open()).length;
    const used = process.cpuUsage(cpu);
    ms = (used.user + used.system) / 1000;
  } catch (e) {
    error = `${e.code}: ${e.message}`;
  }
  out.push({ zip: !!zip, error, mbPerSecond: ms ? bytes / ms / 1000 : 0 });
}
process.stdout.write(JSON.stringify(out) + '\n');
