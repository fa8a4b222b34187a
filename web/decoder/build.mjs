// npm ci --ignore-scripts && node build.mjs: writes web/static/decoder/, in which a worker reads codes. The same lock file gives the same bytes.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const OUT = "../static/decoder";
const NAME = "zxing-wasm";
const SOURCES = ["build.mjs", "decoding_worker.js", "package-lock.json", "zxing-cpp.LICENSE.txt"];
const text = (path) => readFileSync(path, "utf8");
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT);

// The name of the program has its hash, and the worker names it: the two can never be of different releases.
const wasm = readFileSync(`node_modules/${NAME}/dist/reader/zxing_reader.wasm`);
const reader = text(`node_modules/${NAME}/dist/iife/reader/index.js`);
if (!reader.includes(sha256(wasm))) throw new Error("the script is of another release than the program");
const program = `reader-${sha256(wasm).slice(0, 12)}.wasm`;
const quality = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: wasm.length };
writeFileSync(`${OUT}/${program}.br`, brotliCompressSync(wasm, { params: quality }));
writeFileSync(`${OUT}/${program}.gz`, gzipSync(wasm, { level: 9 }));
writeFileSync(`${OUT}/worker.js`, `${reader.trim()}\n${text("decoding_worker.js").replace("PROGRAM_NAME", program)}`);

// The licences of everything that is in it.
const { version, integrity, license } = JSON.parse(text("package-lock.json")).packages[`node_modules/${NAME}`];
const notices = [
  `== ${NAME} ${version} (${license})\n\n${text(`node_modules/${NAME}/LICENSE`).trim()}\n`,
  `== zxing-cpp, in the program of ${NAME} (Apache-2.0)\n\n${text("zxing-cpp.LICENSE.txt").trim()}\n`,
];
writeFileSync(`${OUT}/THIRD-PARTY-NOTICES.txt`, notices.join("\n"));
const files = Object.fromEntries(readdirSync(OUT).sort().map((name) => [name, sha256(readFileSync(`${OUT}/${name}`))]));
const sources = Object.fromEntries(SOURCES.map((name) => [name, sha256(readFileSync(name))]));
const packages = { [NAME]: { version, integrity, license } };
writeFileSync(`${OUT}/ASSETS.json`, JSON.stringify({ sources, packages, files, program: sha256(wasm) }, null, 1) + "\n");
