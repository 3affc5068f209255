/**
 * The words of a fact: its kind and its flags, as they cross the border.
 *
 * @example
 * kindNumber('care-team'); // 10
 * @example A kind that is not known is an error of the author
 * kindNumber('horoscope'); // throws TypeError
 */

/** The kinds of clinical statement, in the order of their numbers. */
export const FACT_KINDS = Object.freeze([
  'condition',
  'medication',
  'allergy',
  'immunization',
  'procedure',
  'observation',
  'encounter',
  'order',
  'coverage',
  'appointment',
  'care-team',
  'interaction',
  'subscription',
]);

const LASTING = ['condition', 'medication', 'allergy', 'coverage', 'care-team', 'subscription'];

/** Status, intent and category of a fact. */
export const FactFlags = Object.freeze({
  /** It counts: completed, final, amended, corrected, active... as the kind has it. */
  EFFECTIVE: 1 << 0,
  /** Still going on. */
  ACTIVE: 1 << 1,
  /** Resolved, stopped, finished, ended. */
  ENDED: 1 << 2,
  /** Planned, ordered, requested or booked; it has not happened yet. */
  PLANNED: 1 << 3,
  /** It was stated that this was not done, not given or not to be done. */
  NOT_DONE: 1 << 4,
  /** Entered in error, or refuted. */
  IN_ERROR: 1 << 5,
  /** Provisional, differential, preliminary. */
  UNCONFIRMED: 1 << 6,
  LABORATORY: 1 << 8,
  VITAL_SIGN: 1 << 9,
  IMAGING: 1 << 10,
  SURVEY: 1 << 11,
  EXAM: 1 << 12,
  /** A condition on the problem list or a health concern. */
  PROBLEM_LIST: 1 << 13,
  /** A diagnosis of an encounter. */
  ENCOUNTER_DIAGNOSIS: 1 << 14,
  OUTPATIENT: 1 << 16,
  INPATIENT: 1 << 17,
  EMERGENCY: 1 << 18,
  /** The encounter was by telephone or video. */
  VIRTUAL: 1 << 19,
  /** The record carries a restricted security label. */
  RESTRICTED: 1 << 24,
});

/** The number of a kind. */
export function kindNumber(name) {
  const number = FACT_KINDS.indexOf(name);
  if (number < 0) {
    throw new TypeError(`\`${name}\` is no kind of fact; there are ${FACT_KINDS.join(', ')}`);
  }
  return number;
}

/** Whether a fact of this kind lasts from its start until it is ended, rather than happening on a day. */
export const lasts = (name) => LASTING.includes(name);
