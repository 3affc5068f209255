/**
 * Reading a typed JSON document so that every finding names its place and its fix, and all findings come at once.
 *
 * @example
 * Reader.require('{"months": 12}', (document) => document.member('months').integer(1, 120)); // 12
 * @example What can't be used is told where, and as what was expected
 * Reader.require('{"months": 0}', (document) => document.member('months').integer(1, 120));
 * // throws Invalid: /months: expected a whole number from 1 to 120, found 0
 */

import { Invalid } from './error.js';

/** A place in a document: the value there, the JSON pointer to it, and the findings so far. */
export class Reader {
  #issues;

  constructor(value, path, issues) {
    this.value = value;
    this.path = path;
    this.#issues = issues;
  }

  /** Reads a document and says what is wrong with it. */
  static check(text, read) {
    return Reader.read(text, read)[1];
  }

  /** Reads a document: what it says, null where something fatal was found, and the findings. */
  static read(text, read) {
    let value;
    try {
      value = JSON.parse(text);
    } catch (error) {
      return [null, [{ path: '', message: `this is not a JSON document: ${error.message}`, fatal: true }]];
    }
    const issues = [];
    const found = read(new Reader(value, '', issues));
    return [issues.some((issue) => issue.fatal) ? null : found, issues];
  }

  /** What a document says, or the first of its fatal findings as an error. */
  static require(text, read) {
    const [found, issues] = Reader.read(text, read);
    const finding = issues.find((issue) => issue.fatal);
    if (finding) {
      throw new Invalid(`${finding.path}: ${finding.message}`);
    }
    return found;
  }

  /** A finding at this place that must be mended. */
  fatal(message) {
    this.#issues.push({ path: this.path, message, fatal: true });
  }

  /** A finding at this place that is worth a look. */
  advice(message) {
    this.#issues.push({ path: this.path, message, fatal: false });
  }

  /** Whether this object has such a member. */
  has(name) {
    return (own(this.value, name) ?? null) !== null;
  }

  /** The place of a member; a missing one reads as nothing. */
  member(name) {
    const path = `${this.path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    return new Reader(own(this.value, name) ?? null, path, this.#issues);
  }

  /** Whether this is an object with no other members than these; each other one is a finding that names the nearest known. */
  object(...names) {
    if (!isObject(this.value)) {
      this.fatal(`expected an object, found ${nameOf(this.value)}`);
      return false;
    }
    for (const name of Object.keys(this.value).sort()) {
      if (!names.includes(name)) {
        const distances = names.map((candidate) => distance(name, candidate));
        const least = Math.min(...distances);
        const hint = least <= 2 ? `did you mean \`${names[distances.indexOf(least)]}\`?` : `expected one of ${listed(names)}`;
        this.member(name).fatal(`\`${name}\` is not known here; ${hint}`);
      }
    }
    return true;
  }

  /** A text that is not empty, or null. */
  text() {
    return this.#expected(typeof this.value === 'string' && this.value.trim() !== '', 'a text');
  }

  /** A whole number within bounds, or null. */
  integer(least, most) {
    const isWithin = Number.isInteger(this.value) && this.value >= least && this.value <= most;
    return this.#expected(isWithin, `a whole number from ${least} to ${most}`);
  }

  /** A number, or null. */
  number() {
    return this.#expected(typeof this.value === 'number', 'a number');
  }

  /** True or false, or null. */
  boolean() {
    return this.#expected(typeof this.value === 'boolean', 'true or false');
  }

  /** Each item of a list that is not empty; null where one of them, or the list, can't be read. */
  items(most, read) {
    if (!Array.isArray(this.value) || this.value.length === 0) {
      return this.#expected(false, 'a list with at least one item');
    }
    if (this.value.length > most) {
      this.fatal(`expected at most ${most} items, found ${this.value.length}`);
      return null;
    }
    const found = this.value.map((value, place) => read(new Reader(value, `${this.path}/${place}`, this.#issues)));
    return found.some((item) => (item ?? null) === null) ? null : found;
  }

  /** One of several texts, each with its meaning. */
  choice(choices) {
    const isOne = typeof this.value === 'string' && Object.hasOwn(choices, this.value);
    const chosen = this.#expected(isOne, `one of ${listed(Object.keys(choices))}`);
    return chosen === null ? null : choices[chosen];
  }

  #expected(isThere, what) {
    if (isThere) {
      return this.value;
    }
    this.fatal(`expected ${what}, found ${nameOf(this.value)}`);
    return null;
  }
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A member that the document itself has: nothing that JavaScript gives to every object. */
export const own = (value, name) => (isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined);

/** What a value is, in words that fit a message; texts are shown, cut. */
function nameOf(value) {
  if (typeof value === 'string') {
    return value.trim() === '' ? 'an empty text' : `\`${[...value].slice(0, 60).join('')}\``;
  }
  if (Array.isArray(value)) {
    return value.length === 0 ? 'an empty list' : 'a list';
  }
  return value === null ? 'nothing' : isObject(value) ? 'an object' : String(value);
}

const listed = (names) => names.map((name) => `\`${name}\``).join(', ');

/** How many letters have to be put in, taken out or changed to make one name the other. */
function distance(one, other) {
  const letters = [...other].slice(0, 64);
  let row = letters.map((_, place) => place + 1);
  row.unshift(0);
  for (const [place, letter] of [...one].slice(0, 64).entries()) {
    const changed = [place + 1];
    for (const [cell, known] of letters.entries()) {
      changed.push(Math.min(row[cell] + (letter === known ? 0 : 1), row[cell + 1] + 1, changed[cell] + 1));
    }
    row = changed;
  }
  return row.at(-1);
}
