// The plugin natively: the same cases as in Rust and Python.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FactFlags, Invalid, NEVER } from '../../../../plugin-sdk/javascript/outreach.js';
import { asDay, ask, Codes, PatientBuilder } from '../../../../plugin-sdk/javascript/testing.js';
import { firstDayWithout, Statin } from './statin.js';

const CONFIG = '{"diabetes": "urn:diabetes", "statins": "urn:statins"}';
const { EFFECTIVE, ACTIVE, ENDED } = FactFlags;
const diabetic = PatientBuilder.born('1970-05-01').condition('s', 'diabetes', '2015');
const statin = (patient, since) => patient.fact('medication', 's', 'statin', since).flags(EFFECTIVE | ENDED);
const ldl = (value, unit) =>
  PatientBuilder.born('1970-05-01').observation('http://loinc.org', '13457-7', '2025-11-30').value(value, unit);

function asked(...patients) {
  const codes = new Codes();
  codes.valueSet('urn:diabetes', ['s', 'diabetes']);
  codes.valueSet('urn:statins', ['s', 'statin']);
  return ask(Statin, CONFIG, codes, '2026-11-23', patients);
}

test('someone with diabetes and no statin is a member and is told why', () => {
  const answer = asked(diabetic);
  assert.equal(answer.isMember(0), true);
  assert.deepEqual(answer.phrases(0), ['56 years old', 'Diabetes', 'No statin since 2025-11-23']);
  assert.deepEqual([...answer.verdicts.evidenceFact], [2 ** 32 - 1, 0, 2 ** 32 - 1]);
  assert.equal(`${answer.reviewOn(0)}`, '2046-05-01');
});

test('a statin that is taken or was in the last year keeps one out until it is a year ago', () => {
  const taken = diabetic.fact('medication', 's', 'statin', '2020').flags(EFFECTIVE | ACTIVE);
  const answer = asked(taken, statin(diabetic, '2020').until('2026-02-28'), statin(diabetic, '2020').until('2025-11-22'));
  assert.deepEqual(
    [0, 1, 2].map((row) => answer.isMember(row)),
    [false, false, true],
  );
  assert.deepEqual(
    [0, 1].map((row) => `${answer.reviewOn(row)}`),
    ['2046-05-01', '2027-03-01'],
  );
});

test('a last cholesterol counts in its unit alone', () => {
  const answer = asked(ldl(190, 'mg/dL'), ldl(189.9, 'mg/dL'), ldl(190, 'mmol/L'), ldl(Number.NaN, 'mg/dL'));
  assert.deepEqual(
    [0, 1, 2, 3].map((row) => answer.isMember(row)),
    [true, false, false, false],
  );
  assert.equal(answer.phrases(0)[1], 'LDL cholesterol of 190 mg/dL or more on 2025-11-30');
  assert.equal(`${answer.reviewOn(0)}`, '2027-12-01');
});

test('who is too young, unknown, too old or dead is no member', () => {
  const young = PatientBuilder.born('1990-02-28').condition('s', 'diabetes', '2015');
  const unknown = PatientBuilder.unknown().condition('s', 'diabetes', '2015');
  const old = PatientBuilder.born('1940').condition('s', 'diabetes', '2015');
  const answer = asked(young, unknown, old, diabetic.deceased());
  assert.deepEqual(
    [0, 1, 2, 3].map((row) => answer.isMember(row)),
    [false, false, false, false],
  );
  assert.equal(`${answer.reviewOn(0)}`, '2030-02-28');
  assert.ok([1, 2, 3].every((row) => answer.reviewOn(row).equals(NEVER)));
});

test("a configuration that can't be used is told where and why", () => {
  const issues = Statin.check('{"diabets": "urn:x", "statins": "statins", "ages": {"from": 76, "to": 75}, "months": 0}');
  assert.deepEqual(
    issues.map((issue) => issue.path),
    ['/diabets', '/diabetes', '/statins', '/ages', '/months'],
  );
  assert.match(issues[0].message, /did you mean `diabetes`\?/);
  assert.deepEqual(Statin.check(CONFIG), []);
  assert.throws(() => Statin.describe('[]'), Invalid);
});

test('the day after a window is the first on which it is over', () => {
  for (const [end, months, first] of [
    ['2026-02-28', 1, '2026-04-01'],
    ['2025-11-30', 24, '2027-12-01'],
    ['2026-01-31', 1, '2026-03-01'],
  ]) {
    assert.equal(`${firstDayWithout(asDay(end), months)}`, first);
  }
});
