/**
 * What a segment looks up: codes of terminologies, and patients who need a closer look. In a component it is made of what the component imports, in a
 * test it is the `FakeGateway` of `testing.js`.
 *
 * @example In the component: the imports are those of its world, and no more
 * import * as lookup from 'outreach:plugin/lookup@0.1.0';
 * import * as patientLookup from 'outreach:plugin/patient-lookup@0.1.0';
 * export const segment = exportSegment(Mine, componentLookups({ lookup, patientLookup }));
 * @example In the plugin: a diagnosis by the first letters of its code, of those who were here
 * evaluate(patient, question, verdict) {
 *   const isDiabetes = ({ system, code }) => system === ICD_10 && code.startsWith('E11');
 *   if (patient.encounters().exists() && patient.lookUp('condition').some((fact) => fact.counts && fact.codes.some(isDiabetes))) {
 *     verdict.member();
 *   }
 * }
 * @example What was not granted, or can't be answered now, is an error; left alone it ends the call, and nobody is decided over by half of it
 * patient.lookUp('observation'); // throws Refused: the plugin was not granted `lookup:observation`
 */

import { Day } from './day.js';
import { errorOf, Refused } from './error.js';
import { FACT_KINDS, FactFlags, kindNumber } from './fact.js';

const NO_START = -(2n ** 63n);
const NO_END = 2n ** 63n - 1n;
const DOES_NOT_COUNT = FactFlags.IN_ERROR | FactFlags.NOT_DONE | FactFlags.PLANNED;

const spelled = (named) => named && { system: named.coding.system, code: named.coding.code, display: named.display };
const camel = (kind) => kind.replace(/-(.)/g, (_, letter) => letter.toUpperCase());

/** A clinical statement with its codes spelled out, each as `{ system, code, display }`. */
export class KnownFact {
  constructor({ kind, codes, factFlags, start, end, value, unit, valueCode }) {
    /** Its kind. */
    this.kind = FACT_KINDS[kind] ?? null;
    /** Its codes. */
    this.codes = codes.map(spelled);
    /** Its flags. */
    this.flags = factFlags;
    /** Its quantity. */
    this.value = value ?? null;
    /** The unit of its quantity. */
    this.unit = spelled(unit) ?? null;
    /** Its coded answer. */
    this.valueCode = spelled(valueCode) ?? null;
    /** The first day it can have begun, where that is known. */
    this.firstDay = start === NO_START ? null : Day.ofInstant(start);
    /** The last day it can have lasted, where that is known and it does not go on. */
    this.lastDay = end === NO_END ? null : Day.ofInstant(end);
  }

  /** Whether it counts: not entered in error, not left undone, not merely planned. */
  get counts() {
    return (this.flags & DOES_NOT_COUNT) === 0;
  }
}

const told = (work) => {
  try {
    return work();
  } catch (thrown) {
    throw errorOf(thrown);
  }
};

/** All pages of what `page` gives from a place on; `null` where it gives none. */
function allPages(page, items) {
  const all = [];
  for (let first = 0; first !== undefined; ) {
    const some = told(() => page(first));
    if (some === undefined || some === null) {
      return null;
    }
    all.push(...some[items]);
    first = some.next ?? undefined;
  }
  return all;
}

/** The look-ups of a component, made of the interfaces that it imports. */
export function componentLookups({ lookup, patientLookup } = {}) {
  const there = (imported, capability) => {
    if (!imported) {
      throw new Refused(`the component does not import what \`${capability}\` gives`);
    }
    return imported;
  };
  return {
    inValueSet: (url, code) => told(() => there(lookup, 'lookup').inValueSet(url, code)) ?? null,
    display: (code) => told(() => there(lookup, 'lookup').display(code)) ?? null,
    expand: (url) => allPages((first) => there(lookup, 'lookup').expand(url, first), 'codes'),
    lookUp: (row, kinds) => {
      const asked = Object.fromEntries(kinds.map((kind) => [camel(FACT_KINDS[kindNumber(kind)]), true]));
      return allPages((first) => there(patientLookup, 'lookup:').facts(row, asked, first), 'facts').map((fact) => new KnownFact(fact));
    },
  };
}
