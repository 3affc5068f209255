// Fails the build when the first route costs more than its budget: everything the browser loads before it can show the start
// page, that is the entry, what it imports statically, their style sheets, and the start page itself.

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET_KILOBYTES = 300;
const FIRST_ROUTE = ["index.html", "src/areas/overview/overview.tsx"];

const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));
const files = new Set();

function collect(key) {
  const chunk = manifest[key];
  if (!chunk) {
    throw new Error(`The build has no chunk "${key}"; the budget can't be measured without it.`);
  }
  if (files.has(chunk.file)) {
    return;
  }
  files.add(chunk.file);
  for (const sheet of chunk.css ?? []) {
    files.add(sheet);
  }
  for (const imported of chunk.imports ?? []) {
    collect(imported);
  }
}

for (const key of FIRST_ROUTE) {
  collect(key);
}

let total = 0;
for (const file of files) {
  total += gzipSync(readFileSync(new URL(file, dist))).length;
}
const kilobytes = total / 1024;
const line = `First route: ${kilobytes.toFixed(1)} KB gzip in ${files.size} files; the budget is ${BUDGET_KILOBYTES} KB.`;
if (kilobytes > BUDGET_KILOBYTES) {
  console.error(line);
  process.exit(1);
}
console.log(line);
