/**
 * Segments: who belongs to a list of patients, and why. There is a whole example in the documentation of `outreach.js`.
 *
 * @example
 * Description.one('adults', 'Adults').facts('encounter').lookbackYears(2).codeSet(valueSet('urn:visits'));
 * @example A plugin that can't use its configuration says where; any other error stops the call
 * static describe(config) { throw new Invalid('/ages: expected an object, found nothing'); }
 */

import { Day, NEVER } from './day.js';
import { FACT_KINDS, kindNumber } from './fact.js';
import { componentLookups } from './lookup.js';
import { CodeSet, NONE, Patient } from './patient.js';

/** Bits of a population. */
export const POPULATION = Object.freeze({ INITIAL: 1, DENOMINATOR: 2, EXCLUSION: 4, EXCEPTION: 8, NUMERATOR: 16, MEMBER: 32 });

const MOST_PHRASES = 2 ** 16;

/** A value set, by its canonical URL. */
export const valueSet = (url) => ({ tag: 'value-set', val: url });

/** Codes, each as its system and itself. */
export const codes = (...spelledOut) => ({ tag: 'codes', val: spelledOut.map(([system, code]) => ({ system, code })) });

/** What a plugin offers under one configuration, and the minimum it needs for it. */
export class Description {
  constructor(segments) {
    this.segments = segments;
    this.needs = { facts: {}, codeSets: [], lookbackYears: undefined };
  }

  /** A plugin with one segment of one group. */
  static one(key, title) {
    return new Description([{ key, title, groups: [key] }]);
  }

  /** Facts of these kinds are needed, too. */
  facts(...kinds) {
    for (const kind of kinds) {
      const [first, ...rest] = FACT_KINDS[kindNumber(kind)].split('-');
      this.needs.facts[first + rest.map((word) => word[0].toUpperCase() + word.slice(1)).join('')] = true;
    }
    return this;
  }

  /** This set of codes is needed, too; sets are numbered from 0 in the order of these calls. */
  codeSet(need) {
    this.needs.codeSets.push(need);
    return this;
  }

  /** Facts older than so many years are not looked at. */
  lookbackYears(years) {
    this.needs.lookbackYears = years;
    return this;
  }
}

/** The verdict over one patient, in the making. */
class VerdictBuilder {
  #columns;
  #row;

  constructor(columns, row, wantsEvidence) {
    this.#columns = columns;
    this.#row = row;
    /** Whether evidence is wanted. */
    this.wantsEvidence = wantsEvidence;
  }

  /** Sets population bits of a group, counted from 0 over all segments of the description. */
  populations(group, bits) {
    const { groups, populations } = this.#columns;
    if (group >= 0 && group < groups) {
      populations[this.#row * groups + group] |= bits;
    }
  }

  /** The patient is a member by this group. */
  member(group = 0) {
    this.populations(group, POPULATION.MEMBER);
  }

  /** The answer can change on this day without new data. The earliest such day counts. */
  reviewOn(day) {
    const { reviewOn } = this.#columns;
    reviewOn[this.#row] = Math.min(reviewOn[this.#row], day.number);
  }

  /** A fact that counts, and why. */
  evidence(fact, phrase) {
    this.#add(fact.row, phrase);
  }

  /** Something that counts and is no fact: an age, or what was looked for and not found. */
  withoutFact(phrase) {
    this.#add(NONE, phrase);
  }

  #add(row, phrase) {
    const { places, evidenceFact, evidencePhrase } = this.#columns;
    if (!this.wantsEvidence || (!places.has(phrase) && places.size >= MOST_PHRASES)) {
      return;
    }
    if (!places.has(phrase)) {
      places.set(phrase, places.size);
    }
    evidenceFact.push(row);
    evidencePhrase.push(places.get(phrase));
  }
}

/** The answer of a plugin for a batch: what the exported function does. */
export function evaluateBatch(plugin, question, patients, lookups = componentLookups()) {
  const groups = plugin.describe(question.config).segments.reduce((count, segment) => count + segment.groups.length, 0);
  const sets = Array.from(question.codeSets, (set) => new CodeSet(set));
  const segment = new plugin(question.config, sets);
  const asked = { asOf: Day.ofInstant(question.asOf), withEvidence: question.withEvidence, lookups };
  const rows = patients.birth.length;
  const columns = {
    groups,
    populations: new Uint8Array(rows * groups),
    reviewOn: new Int32Array(rows).fill(NEVER.number),
    evidenceFact: [],
    evidencePhrase: [],
    places: new Map(),
  };
  const evidenceOffset = asked.withEvidence ? [0] : [];
  for (let row = 0; row < rows; row += 1) {
    segment.evaluate(new Patient(patients, row, lookups), asked, new VerdictBuilder(columns, row, asked.withEvidence));
    if (asked.withEvidence) {
      evidenceOffset.push(columns.evidenceFact.length);
    }
  }
  return {
    populations: columns.populations,
    reviewOn: columns.reviewOn,
    evidenceOffset: Uint32Array.from(evidenceOffset),
    evidenceFact: Uint32Array.from(columns.evidenceFact),
    evidencePhrase: Uint16Array.from(columns.evidencePhrase),
    phrases: [...columns.places.keys()],
  };
}

/** The export of a component: `export const segment = exportSegment(Mine)`, with look-ups where it imports some (`componentLookups`). */
export function exportSegment(plugin, lookups = componentLookups()) {
  return {
    check: (config) => plugin.check(config),
    describe: (config) => plugin.describe(config),
    evaluate: (question, patients) => evaluateBatch(plugin, question, patients, lookups),
  };
}
