/**
 * Calendar days as the border counts them. A day compares with `<` and `>`, and is `equals` to another.
 *
 * @example
 * `${Day.of(2024, 5, 31).plusMonths(-3)}`; // '2024-02-29'
 * @example What is no date is null
 * readDate('someday'); // null
 */

const FIRST = -(2 ** 31);
const LAST = 2 ** 31 - 1;
const MILLISECONDS = 86_400_000;

const within = (number, least, most) => Math.min(Math.max(number, least), most);
const modulo = (number, divisor) => ((number % divisor) + divisor) % divisor;

/** A calendar day in UTC, as days since 1970-01-01. */
export class Day {
  constructor(number) {
    this.number = number;
  }

  /** The day of a year, month (1-12) and day of the month; a day beyond the end of its month becomes the month's last. */
  static of(year, month, day) {
    const ofYear = within(month, 1, 12);
    const ofMonth = within(day, 1, daysInMonth(year, ofYear));
    // Years are counted from March, so that the leap day comes last.
    const shifted = year - (ofYear <= 2 ? 1 : 0);
    const eraYear = modulo(shifted, 400);
    const beforeMonth = Math.floor((153 * ((ofYear + 9) % 12) + 2) / 5);
    const dayOfEra = eraYear * 365 + Math.floor(eraYear / 4) - Math.floor(eraYear / 100) + beforeMonth + ofMonth - 1;
    return new Day(within(Math.floor(shifted / 400) * 146_097 + dayOfEra - 719_468, FIRST, LAST - 1));
  }

  /** The day of a moment in milliseconds since 1970, a bigint or a number. */
  static ofInstant(milliseconds) {
    const number = Number(milliseconds);
    if (Number.isSafeInteger(number)) {
      return new Day(within(Math.floor(number / MILLISECONDS), FIRST, LAST));
    }
    return new Day(number < 0 ? FIRST : LAST);
  }

  /** The day on which someone born on `birth` turns `age`. */
  static birthday(birth, age) {
    const [year, month, day] = birth.parts();
    const isMoved = month === 2 && day === 29 && daysInMonth(year + age, 2) === 28;
    return isMoved ? Day.of(year + age, 3, 1) : Day.of(year + age, month, day);
  }

  /** Year, month and day of the month. */
  parts() {
    const days = this.number + 719_468;
    const dayOfEra = modulo(days, 146_097);
    const leaps = Math.floor(dayOfEra / 1_460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
    const eraYear = Math.floor((dayOfEra - leaps) / 365);
    const dayOfYear = dayOfEra - (365 * eraYear + Math.floor(eraYear / 4) - Math.floor(eraYear / 100));
    const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
    const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
    const month = ((shiftedMonth + 2) % 12) + 1;
    return [Math.floor(days / 146_097) * 400 + eraYear + (month <= 2 ? 1 : 0), month, day];
  }

  /** So many days later, or earlier. */
  plusDays(days) {
    return new Day(within(this.number + days, FIRST, LAST));
  }

  /** So many months later, or earlier; the day of the month is cut to the length of the month. */
  plusMonths(months) {
    const [year, month, day] = this.parts();
    const all = year * 12 + month - 1 + months;
    return Day.of(within(Math.floor(all / 12), -200_000, 200_000), modulo(all, 12) + 1, day);
  }

  /** Whole years from a birthday to this day; someone born on 29 February turns a year older on 1 March. */
  age(birth) {
    const [birthYear, birthMonth, birthDay] = birth.parts();
    const [year, month, day] = this.parts();
    const isBefore = month < birthMonth || (month === birthMonth && day < birthDay);
    return year - birthYear - (isBefore ? 1 : 0);
  }

  /** Whether this is the same day. */
  equals(other) {
    return this.number === other.number;
  }

  valueOf() {
    return this.number;
  }

  toString() {
    const [year, month, day] = this.parts();
    const padded = (number, length) => String(Math.abs(number)).padStart(length, '0');
    return `${year < 0 ? `-${padded(year, 3)}` : padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}`;
  }
}

/** Later than every other day. */
export const NEVER = new Day(LAST);

/** Earlier than every other day. */
export const EVER = new Day(FIRST);

/** The last day that a date can be, by its first one and its precision: 0 year, 1 month, else day. */
export function lastOf(first, precision) {
  const [year, month] = first.parts();
  return precision === 0 ? Day.of(year, 12, 31) : precision === 1 ? Day.of(year, month, 31) : first;
}

/** The first day of `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, and its precision; null where it is none. */
export function readDate(text) {
  if (!/^[0-9]+(-[0-9]+){0,2}$/.test(text)) {
    return null;
  }
  const [year, month, day] = text.split('-').map(Number);
  return [Day.of(year, month ?? 1, day ?? 1), (month === undefined ? 0 : 1) + (day === undefined ? 0 : 1)];
}

function daysInMonth(year, month) {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
}
