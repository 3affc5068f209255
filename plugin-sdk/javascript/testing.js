/**
 * For tests: patients built by hand, a stand-in for the gateway's code table, and a gateway of which everything is known. Nothing of it is in a
 * component.
 *
 * @example
 * const patient = PatientBuilder.born('1970-05-01').female().observation('http://loinc.org', '4548-4', '2026-03-01').value(7.1, '%');
 * batch(new Codes(), [patient]).value; // Float64Array [7.1]
 * @example A value set that nobody made known resolves to nothing, as where the gateway does not have it
 * new Codes().resolve([valueSet('https://nobody.example/set')]); // [Uint32Array []]
 */

import { createHmac, timingSafeEqual } from 'node:crypto';

import { Day, lastOf, NEVER, readDate } from './src/day.js';
import { Refused } from './src/error.js';
import { FACT_KINDS, FactFlags, kindNumber, lasts } from './src/fact.js';
import { HttpResponse, MayHaveBeenSent, NotSent } from './src/gateway.js';
import { KnownFact } from './src/lookup.js';
import { NONE } from './src/patient.js';
import { Description, evaluateBatch, POPULATION } from './src/segment.js';

const UCUM = 'http://unitsofmeasure.org';
const MILLISECONDS = 86_400_000n;

/** A code table: gives each code a number, and knows value sets. */
export class Codes {
  #numbers = new Map();
  #valueSets = new Map();

  /** The number of a code. */
  number(system, code) {
    const key = JSON.stringify([system, code]);
    if (!this.#numbers.has(key)) {
      this.#numbers.set(key, this.#numbers.size);
    }
    return this.#numbers.get(key);
  }

  /** Makes a value set known. */
  valueSet(url, ...codes) {
    this.#valueSets.set(
      url,
      codes.map(([system, code]) => this.number(system, code)),
    );
  }

  /** Resolves what a plugin needs, as the gateway does. */
  resolve(needs) {
    const numbers = ({ tag, val }) =>
      tag === 'codes' ? val.map(({ system, code }) => this.number(system, code)) : (this.#valueSets.get(val) ?? []);
    return needs.map((need) => Uint32Array.from(new Set(numbers(need))).sort());
  }
}

/** A patient under construction. Dates are `YYYY`, `YYYY-MM` or `YYYY-MM-DD`; an empty one is unknown. */
export class PatientBuilder {
  constructor(known = {}) {
    Object.assign(this, { birth: NEVER, sex: 0, isDeceased: false, facts: [] }, known);
  }

  /** Someone of whom nothing is known. */
  static unknown() {
    return new PatientBuilder();
  }

  /** Someone born on a day. */
  static born(day) {
    return new PatientBuilder({ birth: asDay(day) });
  }

  /** Female. */
  female() {
    return new PatientBuilder({ ...this, sex: 1 });
  }

  /** Male. */
  male() {
    return new PatientBuilder({ ...this, sex: 2 });
  }

  /** Has died. */
  deceased() {
    return new PatientBuilder({ ...this, isDeceased: true });
  }

  /** With a fact of any kind, effective, that began on a date. */
  fact(kind, system, code, start) {
    const fact = { kind, code: [system, code], start, flags: FactFlags.EFFECTIVE, end: '', value: Number.NaN, unit: '' };
    return new PatientBuilder({ ...this, facts: [...this.facts, fact] });
  }

  /** With an observation. */
  observation(system, code, on) {
    return this.fact('observation', system, code, on);
  }

  /** With a procedure. */
  procedure(system, code, on) {
    return this.fact('procedure', system, code, on);
  }

  /** With an active condition. */
  condition(system, code, since) {
    return this.fact('condition', system, code, since).flags(FactFlags.EFFECTIVE | FactFlags.ACTIVE);
  }

  /** With an active medication. */
  medication(system, code, since) {
    return this.fact('medication', system, code, since).flags(FactFlags.EFFECTIVE | FactFlags.ACTIVE);
  }

  /** With an outpatient visit on one day. */
  visit(on) {
    const flags = FactFlags.EFFECTIVE | FactFlags.ENDED | FactFlags.OUTPATIENT;
    return this.fact('encounter', '', '', on).flags(flags).until(on);
  }

  /** Sets the flags of the last fact. */
  flags(flags) {
    return this.#last({ flags });
  }

  /** Gives the last fact an end. */
  until(end) {
    return this.#last({ end });
  }

  /** Gives the last fact a quantity with a UCUM unit. */
  value(value, unit) {
    return this.#last({ value, unit });
  }

  #last(changed) {
    const facts = this.facts.with(-1, { ...this.facts.at(-1), ...changed });
    return new PatientBuilder({ ...this, facts });
  }
}

/** Lays patients out as the gateway does. */
export function batch(codes, patients) {
  const names = ['kind', 'code', 'factFlags', 'start', 'end', 'precision', 'value', 'unit', 'valueCode', 'encounter'];
  const columns = Object.fromEntries(names.map((name) => [name, []]));
  const [factOffset, codeOffset] = [[0], [0]];
  for (const patient of patients) {
    const began = ({ start }) => readDate(start)?.[0].number ?? -(2 ** 31);
    for (const fact of patient.facts.toSorted((one, other) => began(one) - began(other))) {
      push(columns, codes, fact);
      codeOffset.push(columns.code.length);
    }
    factOffset.push(columns.kind.length);
  }
  return {
    birth: Int32Array.from(patients, ({ birth }) => birth.number),
    sex: Uint8Array.from(patients, ({ sex }) => sex),
    deceased: Uint8Array.from(patients, ({ isDeceased }) => (isDeceased ? 1 : 0)),
    factOffset: Uint32Array.from(factOffset),
    kind: Uint8Array.from(columns.kind),
    codeOffset: Uint32Array.from(codeOffset),
    code: Uint32Array.from(columns.code),
    factFlags: Uint32Array.from(columns.factFlags),
    start: BigInt64Array.from(columns.start),
    end: BigInt64Array.from(columns.end),
    precision: Uint8Array.from(columns.precision),
    value: Float64Array.from(columns.value),
    unit: Uint32Array.from(columns.unit),
    valueCode: Uint32Array.from(columns.valueCode),
    encounter: Uint32Array.from(columns.encounter),
  };
}

/** Start, end and precision as they cross the border. */
function span(fact) {
  const [start, ownEnd] = [readDate(fact.start), readDate(fact.end)];
  const end = ownEnd ?? (lasts(fact.kind) || fact.kind === 'encounter' ? null : start);
  return {
    start: start ? BigInt(start[0].number) * MILLISECONDS : -(2n ** 63n),
    end: end ? (BigInt(lastOf(...end).number) + 1n) * MILLISECONDS - 1n : 2n ** 63n - 1n,
    precision: (start?.[1] ?? 0) | (((ownEnd ?? start)?.[1] ?? 0) << 2) | (ownEnd ? 16 : 0),
  };
}

/** A fact as it is looked up. */
function known(fact) {
  const [system, code] = fact.code;
  return new KnownFact({
    ...span(fact),
    kind: kindNumber(fact.kind),
    codes: code ? [{ coding: { system, code } }] : [],
    factFlags: fact.flags,
    value: Number.isNaN(fact.value) ? undefined : fact.value,
    unit: fact.unit ? { coding: { system: UCUM, code: fact.unit } } : undefined,
  });
}

function push(columns, codes, fact) {
  const { start, end, precision } = span(fact);
  columns.kind.push(kindNumber(fact.kind));
  if (fact.code[1]) {
    columns.code.push(codes.number(...fact.code));
  }
  columns.factFlags.push(fact.flags);
  columns.start.push(start);
  columns.end.push(end);
  columns.precision.push(precision);
  columns.value.push(fact.value);
  columns.unit.push(fact.unit ? codes.number(UCUM, fact.unit) : NONE);
  columns.valueCode.push(NONE);
  columns.encounter.push(NONE);
}

/** The day of a date. An unreadable one is "never". */
export const asDay = (text) => readDate(text)?.[0] ?? NEVER;

/** An answer, with ways to read it. */
export class Answer {
  constructor(verdicts) {
    this.verdicts = verdicts;
  }

  /** Whether a patient is a member, where the plugin decides one segment of one group. */
  isMember(patient) {
    return (this.verdicts.populations[patient] & POPULATION.MEMBER) !== 0;
  }

  /** The next day on which the answer for a patient can change. */
  reviewOn(patient) {
    return new Day(this.verdicts.reviewOn[patient]);
  }

  /** The phrases given for a patient. */
  phrases(patient) {
    const { evidenceOffset, evidencePhrase, phrases } = this.verdicts;
    const places = evidencePhrase.slice(evidenceOffset[patient], evidenceOffset[patient + 1]);
    return Array.from(places, (place) => phrases[place]);
  }
}

/** Asks a plugin about patients on a day, with evidence, as the gateway would. */
export function ask(plugin, config, codes, on, patients, lookups = undefined) {
  const columns = batch(codes, patients);
  const codeSets = codes.resolve(plugin.describe(config).needs.codeSets);
  const asOf = BigInt(asDay(on).number) * MILLISECONDS + MILLISECONDS / 2n;
  return new Answer(evaluateBatch(plugin, { config, codeSets, asOf, withEvidence: true }, columns, lookups));
}

/** A gateway that grants everything it was told of, and nothing else. */
export class FakeGateway {
  #answers = [];
  #kept = new Map();
  #secrets = new Map();
  #valueSets = new Map();
  #displays = new Map();
  #granted = new Set();
  #patients = [];
  /** What was asked of servers. */
  asked = [];
  /** The patients that were looked at, by their places, in turn. */
  lookedUp = [];

  /** It knows a value set. */
  valueSet(url, ...codes) {
    const spelled = codes.map(([system, code]) => ({ system, code }));
    const key = ({ system, code }) => `${system} ${code}`;
    this.#valueSets.set(
      url,
      spelled.sort((one, other) => (key(one) < key(other) ? -1 : 1)),
    );
    return this;
  }

  /** It knows what a code is called. */
  codeNamed(system, code, display) {
    this.#displays.set(JSON.stringify([system, code]), display);
    return this;
  }

  /** Facts of these kinds may be looked up. */
  grantLookup(...kinds) {
    for (const kind of kinds) {
      this.#granted.add(kindNumber(kind));
    }
    return this;
  }

  /**
   * Asks a segment plugin about patients on a day, with evidence. As the gateway does, it sends facts of the kinds the plugin needs, and lets the
   * others be looked up as far as they were granted.
   */
  ask(plugin, config, codes, on, patients) {
    const needed = new Description([]).facts(...FACT_KINDS);
    const { facts } = plugin.describe(config).needs;
    const names = Object.keys(needed.needs.facts);
    const isNeeded = ({ kind }) => facts[names[kindNumber(kind)]] === true;
    this.#patients = patients.map(({ facts: all }) => all.toSorted((one, other) => Number(span(other).start - span(one).start)));
    const sent = patients.map((patient) => new PatientBuilder({ ...patient, facts: patient.facts.filter(isNeeded) }));
    return ask(plugin, config, codes, on, sent, this);
  }

  inValueSet(url, { system, code }) {
    return this.#valueSets.get(url)?.some((known) => known.system === system && known.code === code) ?? null;
  }

  display({ system, code }) {
    return this.#displays.get(JSON.stringify([system, code])) ?? null;
  }

  expand(url) {
    return this.#valueSets.get(url) ?? null;
  }

  lookUp(row, kinds) {
    this.lookedUp.push(row);
    const numbers = kinds.map(kindNumber);
    const missing = numbers.filter((number) => !this.#granted.has(number)).map((number) => `\`lookup:${FACT_KINDS[number]}\``);
    if (missing.length > 0) {
      throw new Refused(`the plugin was not granted ${missing.join(', ')}`);
    }
    return this.#patients[row].filter(({ kind }) => numbers.includes(kindNumber(kind))).map(known);
  }

  /** The next request gets this answer. */
  answerHttp(status, body = '', headers = {}) {
    this.#answers.push(new HttpResponse(status, Object.entries(headers), new TextEncoder().encode(body)));
    return this;
  }

  /** The next request gets no answer: `NotSent` or `MayHaveBeenSent`. */
  failHttp(error) {
    if (!(error instanceof NotSent || error instanceof MayHaveBeenSent)) {
      throw new TypeError('a request fails with NotSent or MayHaveBeenSent');
    }
    this.#answers.push(error);
    return this;
  }

  /** There is a secret of this name. */
  secret(name, secret) {
    this.#secrets.set(name, secret);
    return this;
  }

  http(request) {
    this.asked.push(request);
    const answer = this.#answers.shift() ?? new NotSent('no answer is planned for this request');
    if (answer instanceof Error) {
      throw answer;
    }
    return answer;
  }

  get(key) {
    return this.#kept.get(key);
  }

  set(key, value) {
    this.#kept.set(key, value);
  }

  delete(key) {
    this.#kept.delete(key);
  }

  sign(secret, hash, message) {
    if (!this.#secrets.has(secret)) {
      throw new Refused(`there is no secret \`${secret}\``);
    }
    return new Uint8Array(createHmac(hash, this.#secrets.get(secret)).update(message).digest());
  }

  verify(secret, hash, message, signature) {
    const expected = this.sign(secret, hash, message);
    return signature.length === expected.length && timingSafeEqual(expected, signature);
  }
}
