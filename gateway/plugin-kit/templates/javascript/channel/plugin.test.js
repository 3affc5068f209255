// The plugin natively.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { accepted, optedOut, Refused, toHex, WebhookRequest } from './outreach-plugin-sdk/outreach.js';
import { FakeGateway } from './outreach-plugin-sdk/testing.js';
import { Sms } from './plugin.js';

const CONFIG = '{ "provider": "https://api.sms.example/", "from": "+15550100" }';
const message = (to) => ({ key: 'msg_1', to, contentKind: 'text/plain', body: new TextEncoder().encode('Hello'), attributes: [] });
const send = (gateway, to) => Sms.send(CONFIG, [message(to)], gateway)[0];

test('a message goes to the provider with the token in its place', () => {
  const gateway = new FakeGateway().answerHttp(202, '{"id": "m1"}');
  assert.deepEqual(send(gateway, '+15550123'), accepted('m1'));
  assert.deepEqual(gateway.asked[0].headers.at(-1), ['authorization', 'Bearer {{secret:token}}']);
});

test('what may have gone out is never tried again', () => {
  assert.equal(send(new FakeGateway().answerHttp(500, ''), '+15550123').tag, 'unknown');
  assert.equal(send(new FakeGateway().answerHttp(429, ''), '+15550123').tag, 'later');
  assert.equal(send(new FakeGateway(), 'ana@example.org').tag, 'rejected');
});

test('a stop is heard where the provider signed it', () => {
  const body = '{"type": "inbound", "from": "+15550123", "text": " stop. "}';
  const gateway = new FakeGateway().secret('webhook', 'hush');
  const request = WebhookRequest.post(body);
  const signed = request.with('x-signature', toHex(gateway.sign('webhook', 'sha256', request.body)));
  assert.deepEqual(Sms.receive(CONFIG, signed, gateway).notices, [optedOut('+15550123')]);
  assert.throws(() => Sms.receive(CONFIG, WebhookRequest.post(body).with('x-signature', '00'), gateway), Refused);
});
