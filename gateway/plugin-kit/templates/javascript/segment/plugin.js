/**
 * A segment: people without a visit for so many months.
 *
 * Configuration: `{ "months": 12 }`.
 */

import { Description, Period, Reader } from './outreach-plugin-sdk/outreach.js';

/** Reads the configuration; each finding says where, and what was expected. */
function readMonths(document) {
  document.object('months');
  return document.member('months').integer(1, 120);
}

/** The plugin: its configuration, read once for each batch of patients. */
export class WithoutVisit {
  static check(config) {
    return Reader.check(config, readMonths);
  }

  /** What the segment is called, and which facts it needs: no others reach it. */
  static describe(config) {
    const months = Reader.require(config, readMonths);
    return Description.one('without-visit', `No visit for ${months} months`).facts('encounter');
  }

  constructor(config) {
    this.months = Reader.require(config, readMonths);
  }

  /** Who is not spoken of is no member. What is not known never makes one. */
  evaluate(patient, question, verdict) {
    if (patient.isDeceased) {
      return;
    }
    const since = question.asOf.plusMonths(-this.months);
    const last = patient.encounters().within(new Period(since, question.asOf)).mostRecent();
    if (last?.firstDay) {
      verdict.evidence(last, `Visit on ${last.firstDay}`);
      // Without new data the answer changes on this day.
      verdict.reviewOn(last.firstDay.plusMonths(this.months).plusDays(1));
    } else {
      verdict.member();
      verdict.withoutFact(`No visit since ${since}`);
    }
  }
}
