// npm ci --ignore-scripts && node build.mjs: bundles the editor into web/static/editor/. The same lock file gives the same bytes.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const OUT = "../static/editor";
const sha256 = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT);
const made = await build({
  entryPoints: { editor: "editor.mjs" }, outdir: OUT, bundle: true, minify: true, format: "iife", target: "es2022",
  legalComments: "none", charset: "utf8", metafile: true, logLevel: "warning",
});

// The licences of everything that is in the bundle.
const locked = JSON.parse(readFileSync("package-lock.json", "utf8")).packages;
const names = new Set(Object.keys(made.metafile.inputs).map((file) => file.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1]).filter(Boolean));
const packages = {};
const notices = [];
for (const name of [...names].sort()) {
  const { version, integrity, license } = locked[`node_modules/${name}`];
  packages[name] = { version, integrity, license };
  const folder = `node_modules/${name}`;
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  if (!file) throw new Error(`${name} has no licence file`);
  notices.push(`== ${name} ${version} (${license})\n\n${readFileSync(`${folder}/${file}`, "utf8").trim()}\n`);
}
writeFileSync(`${OUT}/THIRD-PARTY-NOTICES.txt`, notices.join("\n"));
const files = Object.fromEntries(readdirSync(OUT).sort().map((name) => [name, sha256(`${OUT}/${name}`)]));
const sources = Object.fromEntries(["build.mjs", "editor.mjs", "package-lock.json"].map((name) => [name, sha256(name)]));
writeFileSync(`${OUT}/ASSETS.json`, JSON.stringify({ sources, packages, files }, null, 1) + "\n");
