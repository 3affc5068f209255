// The plugin natively.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ask, Codes, PatientBuilder } from './outreach-plugin-sdk/testing.js';
import { WithoutVisit } from './plugin.js';

const on = (day) => ask(WithoutVisit, '{ "months": 12 }', new Codes(), day, [PatientBuilder.born('1970-05-01').visit('2025-11-20')]);

test('who was not seen for a year is a member', () => {
  const before = on('2026-11-20');
  assert.deepEqual([before.isMember(0), `${before.reviewOn(0)}`], [false, '2026-11-21']);
  const after = on('2026-11-21');
  assert.deepEqual([after.isMember(0), after.phrases(0)], [true, ['No visit since 2025-11-21']]);
});

test('a configuration that makes no sense is refused with its place', () => {
  assert.deepEqual(WithoutVisit.check('{ "months": 6 }'), []);
  for (const wrong of ['{}', '{ "months": 0 }', '{ "months": 12, "month": 1 }', 'months']) {
    assert.ok(WithoutVisit.check(wrong).some((issue) => issue.fatal), wrong);
  }
});
