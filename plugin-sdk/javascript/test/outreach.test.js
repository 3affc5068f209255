// The library against what the contract says of unknown, open and missing values.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  codes,
  componentGateway,
  componentLookups,
  Day,
  Description,
  exportSegment,
  FactFlags,
  fromHex,
  HttpRequest,
  Invalid,
  MayHaveBeenSent,
  NotSent,
  Patient,
  Period,
  Reader,
  Refused,
  toHex,
} from '../outreach.js';
import { ask, batch, Codes, FakeGateway, PatientBuilder } from '../testing.js';

const LOINC = 'http://loinc.org';
const TODAY = Day.of(2026, 11, 23);
const nobody = PatientBuilder.unknown();
const only = (builder) => new Patient(batch(new Codes(), [builder]), 0);

class NoMammogram {
  static check() {
    return [];
  }
  static describe() {
    return Description.one('no-mammogram', 'No mammogram').facts('observation').codeSet(codes([LOINC, '24606-6']));
  }
  constructor(_config, sets) {
    [this.mammogram] = sets;
  }
  evaluate(patient, question, verdict) {
    const months = new Period(question.asOf.plusMonths(-27), question.asOf);
    const screened = patient.observations().inSet(this.mammogram).within(months).mostRecent();
    if (patient.sex === 'female' && !screened) {
      verdict.member();
      verdict.withoutFact(`No mammogram since ${months.first}`);
    } else if (screened?.firstDay) {
      verdict.reviewOn(screened.firstDay.plusMonths(27).plusDays(1));
    }
  }
}

test('the example of the documentation answers as it says', () => {
  const woman = PatientBuilder.born('1970-05-01').female();
  const answer = ask(NoMammogram, '{}', new Codes(), '2026-11-23', [woman, woman.observation(LOINC, '24606-6', '2026-03-01')]);
  assert.deepEqual([answer.isMember(0), answer.isMember(1)], [true, false]);
  assert.deepEqual(answer.phrases(0), ['No mammogram since 2024-08-23']);
  assert.equal(`${answer.reviewOn(1)}`, '2028-06-02');
  assert.deepEqual(exportSegment(NoMammogram).describe('{}').needs.facts, { observation: true });
  assert.deepEqual(Description.one('a', 'A').facts('care-team').needs.facts, { careTeam: true });
});

test('days are counted as the calendar counts them', () => {
  assert.deepEqual([Day.of(1970, 1, 1), Day.of(2000, 2, 29), Day.of(1969, 12, 31)].map(Number), [0, 11_016, -1]);
  for (let number = -800_000; number < 800_000; number += 997) {
    assert.equal(Number(Day.of(...new Day(number).parts())), number);
  }
  assert.equal(`${Day.of(2026, 1, 31).plusMonths(13)} ${Day.of(-44, 3, 15)}`, '2027-02-28 -044-03-15');
});

test('a leap day child has its birthday on the first of March', () => {
  const birth = Day.of(2004, 2, 29);
  assert.equal(Day.of(2022, 2, 28).age(birth), 17);
  assert.equal(`${Day.birthday(birth, 18)} ${Day.birthday(birth, 20)}`, '2022-03-01 2024-02-29');
});

test('no moment leaves the column of days', () => {
  assert.deepEqual([2n ** 63n - 1n, -(2n ** 63n), -1n].map((it) => Number(Day.ofInstant(it))), [2 ** 31 - 1, -(2 ** 31), -1]);
  assert.ok(new Day(2 ** 31 - 1).plusDays(5).plusMonths(2 ** 31) <= 2 ** 31 - 1);
});

test('what was in error, not done or planned does not count unless it is asked for', () => {
  const { IN_ERROR, NOT_DONE, PLANNED } = FactFlags;
  const patient = only(
    nobody
      .procedure(LOINC, 'a', '2026-01-01')
      .flags(IN_ERROR)
      .procedure(LOINC, 'a', '2026-01-02')
      .flags(NOT_DONE)
      .procedure(LOINC, 'a', '2026-01-03')
      .flags(PLANNED),
  );
  assert.equal(patient.procedures().exists(), false);
  assert.equal(patient.procedures().withFlags(PLANNED).exists(), true);
  assert.equal(patient.procedures().withFlags(PLANNED).atLeast(2), false);
});

test('a date of which only the year is known is within no part of the year', () => {
  const observations = only(nobody.observation(LOINC, 'a', '2026')).observations();
  assert.equal(observations.within(new Period(Day.of(2026, 1, 1), TODAY)).exists(), false);
  assert.equal(observations.within(new Period(Day.of(2026, 1, 1), Day.of(2026, 12, 31))).exists(), true);
});

test('a condition without an end goes on only while it is active', () => {
  const today = new Period(TODAY, TODAY);
  const goesOn = (builder) => only(builder).conditions().activeDuring(today).exists();
  assert.equal(goesOn(nobody.condition(LOINC, 'a', '2020')), true);
  assert.equal(goesOn(nobody.condition(LOINC, 'a', '2020').flags(FactFlags.EFFECTIVE | FactFlags.ENDED)), false);
  assert.equal(goesOn(nobody.condition(LOINC, 'a', '')), true);
});

test('the most recent is the one that began last of those in the set, and what it does not say is null', () => {
  const known = new Codes();
  const builder = nobody.observation(LOINC, 'b', '2026-03').observation(LOINC, 'a', '2025').observation(LOINC, 'a', '2024');
  const patient = new Patient(batch(known, [nobody, builder]), 1);
  const found = patient.observations().inSet([known.number(LOINC, 'a')]).mostRecent();
  assert.deepEqual([found.row, `${found.firstDay}`, found.value, found.unit, found.valueCode], [1, '2025-01-01', null, null, null]);
  assert.deepEqual([only(nobody).birth, only(nobody).ageOn(TODAY), only(nobody).sex], [null, null, 'unknown']);
  assert.equal([...patient.observations()].length, 3);
});

test('a fact knows its visit', () => {
  const columns = batch(new Codes(), [nobody.visit('2020'), nobody.visit('2025').observation(LOINC, 'a', '2026')]);
  columns.encounter[2] = 0;
  assert.equal(new Patient(columns, 1).observations().mostRecent().encounter.row, 1);
  columns.encounter[2] = 77;
  assert.equal(new Patient(columns, 1).observations().mostRecent().encounter, null);
});

test('every finding names its place', () => {
  const issues = Reader.check('{"a": {"b": [1, "x"]}, "c~/d": 1, "constructor": 1}', (document) => {
    document.object('a');
    document.member('a').member('b').items(10, (item) => item.integer(0, 9));
  });
  assert.deepEqual(
    issues.map((issue) => issue.path),
    ['/constructor', '/c~0~1d', '/a/b/1'],
  );
  assert.match(Reader.check('{"tittle": 1}', (document) => document.object('title'))[0].message, /did you mean `title`\?/);
  assert.throws(() => Reader.require('{', () => 1), Invalid);
  assert.equal(Reader.check('{}', (document) => document.member('toString').text())[0].message, 'expected a text, found nothing');
});

test('hexadecimal digits read back and others do not', () => {
  assert.equal(toHex(fromHex('000fFF')), '000fff');
  for (const wrong of ['0', '0g', 'é', '+1', '0 0', ' 00']) {
    assert.equal(fromHex(wrong), null, wrong);
  }
});

test('a gateway of tests answers in turn and then refuses', () => {
  const gateway = new FakeGateway().answerHttp(429, '', { 'retry-after': '5' }).failHttp(new MayHaveBeenSent('cut'));
  const request = HttpRequest.get('https://a.example/');
  assert.equal(gateway.http(request).header('retry-after'), '5');
  assert.throws(() => gateway.http(request), MayHaveBeenSent);
  assert.throws(() => gateway.http(request), NotSent);
  assert.equal(gateway.asked.length, 3);
  gateway.set('token', 'a');
  assert.equal(gateway.get('token'), 'a');
  gateway.delete('token');
  assert.equal(gateway.get('token'), undefined);
});

test('what the gateway refuses is an error of this library', () => {
  const refuse = () => {
    throw Object.assign(new Error('refused'), { payload: { tag: 'refused', val: 'there is no secret' } });
  };
  const gateway = componentGateway({ secret: { sign: refuse } });
  assert.throws(() => gateway.sign('token', 'sha256', new Uint8Array()), Refused);
  assert.throws(() => componentGateway({ http: {} }).http(HttpRequest.get('ftp://a.example')), NotSent);
});

const ICD_10 = 'http://hl7.org/fhir/sid/icd-10-cm';

class Diabetes {
  static check() {
    return [];
  }
  static describe() {
    return Description.one('diabetes', 'Diabetes').facts('encounter');
  }
  evaluate(patient, _question, verdict) {
    const isDiabetes = ({ system, code }) => system === ICD_10 && code.startsWith('E11');
    if (patient.encounters().exists() && patient.lookUp('condition').some((fact) => fact.counts && fact.codes.some(isDiabetes))) {
      verdict.member();
    }
  }
}

test('a closer look finds what the batch does not have, of those alone who need it', () => {
  const visitor = nobody.visit('2026-03-01');
  const people = [visitor.condition(ICD_10, 'E11.9', '2020'), visitor, nobody.condition(ICD_10, 'E11.9', '2020')];
  const gateway = new FakeGateway().grantLookup('condition');
  const answer = gateway.ask(Diabetes, '{}', new Codes(), '2026-11-23', people);
  assert.deepEqual([0, 1, 2].map((person) => answer.isMember(person)), [true, false, false]);
  assert.deepEqual(gateway.lookedUp, [0, 1]);
  assert.throws(() => new FakeGateway().ask(Diabetes, '{}', new Codes(), '2026-11-23', people), /not granted `lookup:condition`/);
  assert.throws(() => ask(Diabetes, '{}', new Codes(), '2026-11-23', people), Refused);
});

test('what the gateway hands out page by page is one list, and its errors are those of the library', () => {
  const code = (number) => ({ system: LOINC, code: `${number}` });
  const lookup = {
    expand: (url, first) => (url === 'urn:set' ? { codes: [code(first)], next: first < 2 ? first + 1 : undefined } : undefined),
    inValueSet: () => undefined,
  };
  const fact = (flags) => ({ kind: 5, codes: [{ coding: code(1), display: 'one' }], factFlags: flags, start: 0n, end: 2n ** 63n - 1n, value: 7 });
  const patientLookup = {
    facts: (row, kinds, first) => {
      assert.deepEqual([row, kinds], [3, { observation: true, careTeam: true }]);
      return first === 0 ? { facts: [fact(1)], next: 200 } : { facts: [fact(FactFlags.IN_ERROR)] };
    },
  };
  const lookups = componentLookups({ lookup, patientLookup });
  assert.deepEqual(lookups.expand('urn:set'), [code(0), code(1), code(2)]);
  assert.deepEqual([lookups.expand('urn:other'), lookups.inValueSet('urn:other', code(1))], [null, null]);
  const known = lookups.lookUp(3, ['observation', 'care-team']);
  assert.deepEqual(known.map(({ kind, counts, value, lastDay }) => [kind, counts, value, lastDay]), [
    ['observation', true, 7, null],
    ['observation', false, 7, null],
  ]);
  assert.deepEqual(known[0].codes, [{ system: LOINC, code: '1', display: 'one' }]);
  assert.equal(`${known[0].firstDay}`, '1970-01-01');
  const refusing = { facts: () => { throw { payload: { tag: 'refused', val: 'no such row' } }; } };
  assert.throws(() => componentLookups({ patientLookup: refusing }).lookUp(0, ['condition']), Refused);
});
