/**
 * One patient of a batch, and that patient's facts, as an author wants to read them.
 *
 * @example
 * patient.observations().inSet(hba1c).within(new Period(today.plusMonths(-12), today)).mostRecent()?.value; // 7.1
 * @example What is not known is null, and is never guessed
 * nobody.ageOn(today); // null
 */

import { Day, EVER, lastOf, NEVER } from './day.js';
import { FACT_KINDS, FactFlags, kindNumber } from './fact.js';
import { componentLookups } from './lookup.js';

/** No value in a column of numbers. */
export const NONE = 2 ** 32 - 1;

const NO_START = -(2n ** 63n);
const NO_END = 2n ** 63n - 1n;
const DOES_NOT_COUNT = FactFlags.IN_ERROR | FactFlags.NOT_DONE | FactFlags.PLANNED;
const SEXES = ['unknown', 'female', 'male', 'other'];

/** A set of codes as resolved by the gateway. */
export class CodeSet extends Set {}

/** A closed range of days. */
export class Period {
  constructor(first, last) {
    this.first = first;
    this.last = last;
  }
}

/** When something began and ended, each as the first and last day it can have been. */
export class Span {
  constructor([earliestStart, latestStart], [earliestEnd, latestEnd]) {
    Object.assign(this, { earliestStart, latestStart, earliestEnd, latestEnd });
  }

  /** Whether it began and ended within the period, whatever was left open. */
  isCertainlyWithin(period) {
    return this.earliestStart >= period.first && this.latestEnd <= period.last;
  }

  /** Whether it was going on at some time of the period, whatever was left open. */
  isCertainlyDuring(period) {
    return this.latestStart <= period.last && this.earliestEnd >= period.first;
  }
}

/** One patient of a batch. */
export class Patient {
  #batch;
  #row;
  #lookups;

  constructor(batch, row, lookups = componentLookups()) {
    this.#batch = batch;
    this.#row = row;
    this.#lookups = lookups;
  }

  /** Day of birth; the first possible where only a year or month is known. */
  get birth() {
    const birth = this.#batch.birth[this.#row];
    return birth === NEVER.number ? null : new Day(birth);
  }

  /** Age in whole years on a day, where the birth date is known. */
  ageOn(day) {
    const birth = this.birth;
    return birth && day.age(birth);
  }

  /** Administrative sex: `unknown`, `female`, `male` or `other`. */
  get sex() {
    return SEXES[this.#batch.sex[this.#row]] ?? 'unknown';
  }

  /** Whether the person is known or suspected to have died. */
  get isDeceased() {
    return this.#batch.deceased[this.#row] !== 0;
  }

  /** All facts that count: none entered in error, none that was not done, none that is merely planned. */
  facts() {
    const { factOffset } = this.#batch;
    return new Facts(this.#batch, factOffset[this.#row], factOffset[this.#row + 1]);
  }

  /** Facts of one kind. */
  ofKind(kind) {
    return this.facts().ofKind(kind);
  }

  /** Diagnoses and problems. */
  conditions() {
    return this.ofKind('condition');
  }

  /** Medications. */
  medications() {
    return this.ofKind('medication');
  }

  /** Vaccinations. */
  immunizations() {
    return this.ofKind('immunization');
  }

  /** Procedures. */
  procedures() {
    return this.ofKind('procedure');
  }

  /** Measurements, results and answers. */
  observations() {
    return this.ofKind('observation');
  }

  /** Visits and stays. */
  encounters() {
    return this.ofKind('encounter');
  }

  /**
   * Looks up facts of these kinds, those that began last first; also those that don't count. Capability `lookup:` with each kind. Each look is a
   * line in the hospital's audit.
   */
  lookUp(...kinds) {
    return this.#lookups.lookUp(this.#row, kinds);
  }
}

/** Facts of one patient, narrowed step by step, in the order of their start. Can be walked through any number of times. */
export class Facts {
  #batch;
  #first;
  #last;
  #asked = { kind: null, set: null, with: 0, without: DOES_NOT_COUNT, within: null, active: null };

  constructor(batch, first, last) {
    this.#batch = batch;
    this.#first = first;
    this.#last = last;
  }

  /** Those of one kind. */
  ofKind(kind) {
    return this.#narrowed({ kind: kindNumber(kind) });
  }

  /** Those with a code of the set. */
  inSet(set) {
    return this.#narrowed({ set: set instanceof Set ? set : new CodeSet(set) });
  }

  /** Those with all of these flags. Asking for what is planned or not done brings it in. */
  withFlags(flags) {
    return this.#narrowed({ with: this.#asked.with | flags, without: this.#asked.without & ~flags });
  }

  /** Those with none of these flags. */
  withoutFlags(flags) {
    return this.#narrowed({ without: this.#asked.without | flags });
  }

  /** Those that certainly happened within the period: a stay by its end. */
  within(period) {
    return this.#narrowed({ within: period });
  }

  /** Those that were certainly going on at some time of the period. */
  activeDuring(period) {
    return this.#narrowed({ active: period });
  }

  /** The one that began last, or null. */
  mostRecent() {
    for (let row = this.#last - 1; row >= this.#first; row -= 1) {
      if (this.#matches(row)) {
        return new Fact(this.#batch, row);
      }
    }
    return null;
  }

  /** Whether there is one. */
  exists() {
    return this.atLeast(1);
  }

  /** Whether there are at least so many. */
  atLeast(count) {
    let found = 0;
    for (let row = this.#first; row < this.#last && found < count; row += 1) {
      found += this.#matches(row) ? 1 : 0;
    }
    return found >= count;
  }

  *[Symbol.iterator]() {
    for (let row = this.#first; row < this.#last; row += 1) {
      if (this.#matches(row)) {
        yield new Fact(this.#batch, row);
      }
    }
  }

  #narrowed(more) {
    const facts = new Facts(this.#batch, this.#first, this.#last);
    facts.#asked = { ...this.#asked, ...more };
    return facts;
  }

  #matches(row) {
    const { kind, set, with: needed, without, within, active } = this.#asked;
    if (kind !== null && this.#batch.kind[row] !== kind) {
      return false;
    }
    const flags = this.#batch.factFlags[row];
    if ((flags & needed) !== needed || (flags & without) !== 0) {
      return false;
    }
    const fact = new Fact(this.#batch, row);
    return (
      (set === null || fact.hasCodeIn(set)) &&
      (within === null || fact.happened().isCertainlyWithin(within)) &&
      (active === null || fact.lasted().isCertainlyDuring(active))
    );
  }
}

/** One clinical statement. */
export class Fact {
  #batch;

  constructor(batch, row) {
    this.#batch = batch;
    /** Its row in the batch. */
    this.row = row;
  }

  /** Its kind. */
  get kind() {
    return FACT_KINDS[this.#batch.kind[this.row]] ?? null;
  }

  /** Its flags. */
  get flags() {
    return this.#batch.factFlags[this.row];
  }

  /** Its codes. */
  get codes() {
    const { code, codeOffset } = this.#batch;
    return code.slice(codeOffset[this.row], codeOffset[this.row + 1]);
  }

  /** Whether one of its codes is in the set. */
  hasCodeIn(set) {
    const { code, codeOffset } = this.#batch;
    for (let place = codeOffset[this.row]; place < codeOffset[this.row + 1]; place += 1) {
      if (set.has(code[place])) {
        return true;
      }
    }
    return false;
  }

  /** Its quantity. */
  get value() {
    const value = this.#batch.value[this.row];
    return Number.isNaN(value) ? null : value;
  }

  /** The unit of its quantity. */
  get unit() {
    return known(this.#batch.unit[this.row]);
  }

  /** Its coded answer. */
  get valueCode() {
    return known(this.#batch.valueCode[this.row]);
  }

  /** The first day it can have begun, where that is known. */
  get firstDay() {
    const start = this.#batch.start[this.row];
    return start === NO_START ? null : Day.ofInstant(start);
  }

  /** The visit it belongs to. */
  get encounter() {
    const row = known(this.#batch.encounter[this.row]);
    if (row === null) {
      return null;
    }
    const { factOffset } = this.#batch;
    let [first, last] = [0, factOffset.length];
    while (last - first > 1) {
      const middle = (first + last) >>> 1;
      [first, last] = factOffset[middle] <= this.row ? [middle, last] : [first, middle];
    }
    const place = factOffset[first] + row;
    return place < this.#batch.kind.length ? new Fact(this.#batch, place) : null;
  }

  /** The fact as something that happens on a day: by its end where it has one of its own, else by its start. */
  happened() {
    const days = this.#ownEndDays() ?? this.#startDays() ?? [EVER, NEVER];
    return new Span(days, days);
  }

  /**
   * The fact as something that goes on from its start to its end. Without an end it goes on if it is active; if it is not, nobody knows when
   * it ended.
   */
  lasted() {
    const isActive = (this.flags & FactFlags.ACTIVE) !== 0;
    const start = this.#startDays() ?? [EVER, isActive ? EVER : NEVER];
    const end = this.#ownEndDays() ?? (isActive ? [NEVER, NEVER] : [start[0], NEVER]);
    return new Span(start, end);
  }

  /** First and last day the start can be. */
  #startDays() {
    const first = this.firstDay;
    return first && [first, lastOf(first, this.#batch.precision[this.row] & 3)];
  }

  /** First and last day the end can be, where the fact has an end of its own. */
  #ownEndDays() {
    const end = this.#batch.end[this.row];
    const precision = this.#batch.precision[this.row];
    if (end === NO_END || (precision & 16) === 0) {
      return null;
    }
    const last = Day.ofInstant(end);
    const ofEnd = (precision >> 2) & 3;
    if (ofEnd > 1) {
      return [last, last];
    }
    const [year, month] = last.parts();
    return [Day.of(year, ofEnd === 1 ? month : 1, 1), last];
  }
}

const known = (number) => (number === NONE ? null : number);
