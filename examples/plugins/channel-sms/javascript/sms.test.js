// The plugin natively: the same cases as in Rust and Python.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  accepted,
  answered,
  delivery,
  Invalid,
  later,
  MayHaveBeenSent,
  NotSent,
  optedOut,
  Refused,
  rejected,
  toHex,
  unknown,
  WebhookRequest,
} from '../../../../plugin-sdk/javascript/outreach.js';
import { FakeGateway } from '../../../../plugin-sdk/javascript/testing.js';
import { CONTENT_KIND, Sms } from './sms.js';

const CONFIG = '{"provider": "https://api.sms.example/", "from": "+15550100"}';
const TEXT = 'Your appointment is tomorrow. Reply STOP to end.';
const message = (changed) => ({
  key: 'msg_1',
  to: '+15550123',
  contentKind: CONTENT_KIND,
  subject: undefined,
  body: new TextEncoder().encode(TEXT),
  attributes: [],
  ...changed,
});
const sent = (gateway) => Sms.send(CONFIG, [message()], gateway)[0];

function received(body) {
  const gateway = new FakeGateway().secret('webhook', 'hush');
  const request = WebhookRequest.post(body);
  return Sms.receive('{}', request.with('x-signature', toHex(gateway.sign('webhook', 'sha256', request.body))), gateway);
}

test('a message goes to the provider with its key and without the token', () => {
  const gateway = new FakeGateway().answerHttp(202, '{"id": "m1"}');
  assert.deepEqual(sent(gateway), accepted('m1'));
  const [request] = gateway.asked;
  assert.equal(request.url, 'https://api.sms.example/v1/messages');
  assert.deepEqual(request.headers.at(-1), ['authorization', 'Bearer {{secret:token}}']);
  const body = { to: '+15550123', from: '+15550100', text: TEXT, reference: 'msg_1' };
  assert.deepEqual(JSON.parse(new TextDecoder().decode(request.body)), body);
});

test('each answer of the provider becomes its outcome', () => {
  const answer = (status) => sent(new FakeGateway().answerHttp(status, '{}'));
  assert.deepEqual(answer(200), accepted(undefined));
  assert.deepEqual(answer(422), rejected('the provider refused the message with status 422'));
  assert.deepEqual([401, 404, 302].map(answer), [later(), later(), later()]);
  assert.deepEqual(answer(500), unknown('the provider failed with status 500'));
  const wait = (value) => sent(new FakeGateway().answerHttp(429, '', { 'retry-after': value }));
  assert.deepEqual([wait('30'), wait('999999999')], [later(30_000), later(86_400_000)]);
  for (const other of ['Wed, 21 Oct 2026 07:28:00 GMT', '-1', '+5', '', '99999999999']) {
    assert.deepEqual(wait(other), later(), other);
  }
});

test('a message that may have gone out is unknown and one that did not is tried later', () => {
  assert.deepEqual(sent(new FakeGateway().failHttp(new NotSent('refused'))), later());
  assert.equal(sent(new FakeGateway().failHttp(new MayHaveBeenSent('cut'))).tag, 'unknown');
});

test('what is no number or no text never reaches the provider', () => {
  const numbers = ['', '5550123', '+1555012a', '+1 5550123', '+1234567890123456', '+15550123\n'];
  const wrong = numbers.map((to) => message({ to }));
  wrong.push(message({ contentKind: 'text/html' }), message({ body: Uint8Array.of(255) }), message({ body: Uint8Array.of(32, 10) }));
  const gateway = new FakeGateway();
  assert.ok(Sms.send(CONFIG, wrong, gateway).every(({ tag }) => tag === 'rejected'));
  assert.deepEqual(gateway.asked, []);
});

test("a configuration that can't be used is told where and why", () => {
  assert.deepEqual(Sms.check(CONFIG), []);
  const issues = Sms.check('{"provider": "api.sms.example", "form": "+15550100"}');
  assert.deepEqual(
    issues.map((issue) => issue.path),
    ['/form', '/provider', '/from'],
  );
  assert.throws(() => Sms.send('{}', [], new FakeGateway()), Invalid);
  const unencrypted = Sms.check('{"provider": "http://127.0.0.1:8080", "from": "+15550100"}');
  assert.deepEqual(
    unencrypted.map((issue) => issue.fatal),
    [false],
  );
});

test("a request that is not the provider's is refused", () => {
  const body = '{"events": []}';
  const known = () => new FakeGateway().secret('webhook', 'hush');
  for (const signature of ['', '00', 'none']) {
    assert.throws(() => Sms.receive('{}', WebhookRequest.post(body).with('x-signature', signature), known()), Refused);
  }
  assert.throws(() => Sms.receive('{}', WebhookRequest.post(body), known()), Refused);
  assert.throws(() => Sms.receive('{}', WebhookRequest.post(body), new FakeGateway()), Refused);
});

test('what became of messages is told without words about the person', () => {
  const told = received(
    `{"events": [{"type": "delivered", "id": "m1"}, {"type": "failed", "id": "m2", "reason": "carrier-busy"},
      {"type": "undeliverable", "id": "m3", "reason": "+15550123 is Ana's old number"}, {"type": "billed", "id": "m4"}]}`,
  );
  const expected = [delivery('m1', 'delivered'), delivery('m2', 'failed', 'carrier-busy'), delivery('m3', 'undeliverable')];
  assert.deepEqual([told.notices, told.response.status], [expected, 200]);
});

test('who answers with a word for stop has opted out and others have answered', () => {
  const answer = (text) => received(JSON.stringify({ events: [{ type: 'inbound', from: '+15550123', text }] })).notices;
  for (const stop of ['STOP', 'stop', ' Stop! ', 'STOPALL', 'Unsubscribe.', 'cancel', 'END', 'quit...', 'Alto', '¡PARAR!']) {
    assert.deepEqual(answer(stop), [optedOut('+15550123')], stop);
  }
  for (const other of ['', "Don't stop", 'STOPP', 'yes', '👍']) {
    assert.deepEqual(answer(other), [answered('+15550123')], other);
  }
});

test("what can't be read is invalid and says where", () => {
  for (const [body, place] of [
    ['', 'JSON'],
    ['[]', '/events'],
    ['null', '/events'],
    ['{"events": [{"type": "delivered", "id": "m1"}, {"type": "failed"}]}', '/events/1'],
    ['{"events": [{"type": "inbound", "from": "Ana", "text": "STOP"}]}', '/events/0'],
    ['{"events": ["inbound"]}', '/events/0'],
  ]) {
    assert.throws(
      () => received(body),
      (error) => error instanceof Invalid && error.message.includes(place) && !error.message.includes('Ana'),
      body,
    );
  }
});
