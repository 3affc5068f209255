/**
 * Example of a segment plugin: people of an age who should take a statin, because of diabetes or of a last LDL cholesterol of 190 mg/dL or more,
 * and for whom no statin is known in the last months. What is not known never makes a member.
 *
 * Pure: the same configuration, day and patient give the same answer, in Rust, JavaScript and Python.
 */

import { codes, Day, Description, NEVER, Period, Reader, valueSet } from '../../../../plugin-sdk/javascript/outreach.js';

const LDL = codes(['http://loinc.org', '18262-6'], ['http://loinc.org', '13457-7']);
const MILLIGRAMS = codes(['http://unitsofmeasure.org', 'mg/dL']);
const VERY_HIGH = 190;
/** How long an LDL cholesterol says something. */
const LDL_MONTHS = 24;

/** What can be configured. */
function readSettings(document) {
  document.object('diabetes', 'statins', 'ages', 'months');
  const settings = { diabetes: readValueSet(document.member('diabetes')), statins: readValueSet(document.member('statins')) };
  Object.assign(settings, { from: 40, to: 75, months: 12 });
  if (document.has('ages')) {
    const ages = document.member('ages');
    if (ages.object('from', 'to')) {
      settings.from = ages.member('from').integer(0, 130);
      settings.to = ages.member('to').integer(0, 130);
      if (settings.from !== null && settings.to !== null && settings.from > settings.to) {
        ages.fatal('`from` is later than `to`, so nobody is of this age');
      }
    }
  }
  if (document.has('months')) {
    settings.months = document.member('months').integer(1, 120);
  }
  return settings;
}

function readValueSet(member) {
  const url = member.text();
  if (url !== null && !/^(https?:\/\/|urn:)/.test(url)) {
    member.fatal('expected the canonical URL of a value set, which begins with `http://`, `https://` or `urn:`');
  }
  return url;
}

/** The plugin. */
export class Statin {
  static check(config) {
    return Reader.check(config, readSettings);
  }

  static describe(config) {
    const { diabetes, statins } = Reader.require(config, readSettings);
    return Description.one('statin-due', 'No statin, though one is due')
      .facts('condition', 'medication', 'observation')
      .codeSet(valueSet(diabetes))
      .codeSet(valueSet(statins))
      .codeSet(LDL)
      .codeSet(MILLIGRAMS);
  }

  constructor(config, sets) {
    this.settings = Reader.require(config, readSettings);
    [this.diabetes, this.statins, this.ldl, this.milligrams] = sets;
  }

  evaluate(patient, question, verdict) {
    const { from, to, months } = this.settings;
    const today = question.asOf;
    const age = patient.ageOn(today);
    if (age === null || age > to || patient.isDeceased) {
      return;
    }
    verdict.reviewOn(Day.birthday(patient.birth, age < from ? from : to + 1));
    if (age < from) {
      return;
    }
    const reason = this.reason(patient, today, verdict);
    if (!reason) {
      return;
    }
    const window = new Period(today.plusMonths(-months), today);
    const taken = [...patient.medications().inSet(this.statins).activeDuring(window)];
    if (taken.length > 0) {
      const ends = taken.map((statin) => statin.lasted().earliestEnd);
      verdict.reviewOn(firstDayWithout(new Day(Math.max(...ends)), months));
      return;
    }
    verdict.member();
    verdict.withoutFact(`${age} years old`);
    verdict.evidence(...reason);
    verdict.withoutFact(`No statin since ${window.first}`);
  }

  /** The fact for which a statin is due, and the words for it. */
  reason(patient, today, verdict) {
    const diabetes = patient.conditions().inSet(this.diabetes).activeDuring(new Period(today, today)).mostRecent();
    if (diabetes) {
      return [diabetes, 'Diabetes'];
    }
    const window = new Period(today.plusMonths(-LDL_MONTHS), today);
    const ldl = patient.observations().inSet(this.ldl).within(window).mostRecent();
    if (!ldl || !this.milligrams.has(ldl.unit) || ldl.value === null || ldl.value < VERY_HIGH) {
      return null;
    }
    const day = ldl.happened().earliestEnd;
    verdict.reviewOn(firstDayWithout(day, LDL_MONTHS));
    return [ldl, `LDL cholesterol of 190 mg/dL or more on ${day}`];
  }
}

/** The first day on which what ended on a day lies more than so many months back. */
export function firstDayWithout(end, months) {
  // Months are cut to their length: what ended on 28 February is a month back until 31 March.
  const days = [1, 2, 3, 4].map((count) => end.plusMonths(months).plusDays(count));
  return days.find((day) => day.plusMonths(-months) > end) ?? NEVER;
}
