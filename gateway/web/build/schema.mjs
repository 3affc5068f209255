// Writes src/api/schema.d.ts from the gateway's OpenAPI document; with --check, only says whether it is still the same.
// The console names operations by path and method. Their ids are left out, because types made from them would be mixed up
// wherever an id is used twice.

import { readFileSync, writeFileSync } from "node:fs";
import openapiTypescript, { astToString } from "openapi-typescript";

const document = JSON.parse(readFileSync(new URL("../../api/openapi.json", import.meta.url), "utf8"));
for (const path of Object.values(document.paths)) {
  for (const operation of Object.values(path)) {
    delete operation.operationId;
  }
}

const target = new URL("../src/api/schema.d.ts", import.meta.url);
const head = "// Generated from gateway/api/openapi.json by `npm run schema`. Not written by hand.\n\n";
const schema = head + astToString(await openapiTypescript(document));

if (!process.argv.includes("--check")) {
  writeFileSync(target, schema);
} else if (readFileSync(target, "utf8") !== schema) {
  console.error("src/api/schema.d.ts differs from gateway/api/openapi.json: run `npm run schema`.");
  process.exit(1);
}
