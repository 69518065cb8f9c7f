// Reads pictures from standard input and answers with JSON lines; see peers.go.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { readBarcodes, prepareZXingModule } from "zxing-wasm/reader";

const require = createRequire(import.meta.url);
const entry = require.resolve("zxing-wasm/reader/zxing_reader.wasm");
await prepareZXingModule({ overrides: { wasmBinary: readFileSync(entry).buffer }, fireImmediately: true });

let rest = Buffer.alloc(0);
for await (const chunk of process.stdin) {
  rest = rest.length ? Buffer.concat([rest, chunk]) : chunk;
  for (;;) {
    if (rest.length < 8) break;
    const w = rest.readUInt32LE(0), h = rest.readUInt32LE(4), n = w * h;
    if (rest.length < 8 + n) break;
    const data = new Uint8ClampedArray(n * 4);
    for (let i = 0; i < n; i++) {
      const v = rest[8 + i];
      data[4 * i] = data[4 * i + 1] = data[4 * i + 2] = v;
      data[4 * i + 3] = 255;
    }
    rest = rest.subarray(8 + n);
    const a = process.cpuUsage();
    const found = await readBarcodes({ data, width: w, height: h, colorSpace: "srgb" }, { formats: ["QRCode"], tryHarder: true, tryInvert: true, tryRotate: true, maxNumberOfSymbols: 4 });
    const b = process.cpuUsage(a);
    process.stdout.write(JSON.stringify({ texts: found.filter((r) => r.isValid).map((r) => r.text), ms: (b.user + b.system) / 1000 }) + "\n");
  }
}
