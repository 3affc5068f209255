/**
 * A channel: text messages by the HTTP API of a provider, and what the provider tells by its webhook.
 *
 * Configuration: `{ "provider": "https://api.sms.example", "from": "+15550100" }`. The token and the key of the webhook are secrets of the
 * operator: the plugin uses them by name and never sees them.
 */

import {
  accepted,
  answered,
  delivery,
  fromHex,
  HttpRequest,
  Invalid,
  later,
  NotSent,
  optedOut,
  Reader,
  receipt,
  Refused,
  rejected,
  unknown,
} from './outreach-plugin-sdk/outreach.js';

/** A telephone number as ITU-T E.164 writes it. */
const NUMBER = /^\+[0-9]{7,15}$/;
/** Words by which a person wants no more messages, as carriers know them. */
const STOP_WORDS = ['STOP', 'STOPALL', 'UNSUBSCRIBE', 'CANCEL', 'END', 'QUIT'];

/** Reads the configuration; each finding says where, and what was expected. */
function readSettings(document) {
  document.object('provider', 'from');
  const provider = document.member('provider');
  const url = provider.text();
  if (url !== null && !/^https?:\/\//.test(url)) {
    provider.fatal("expected the base URL of the provider's API, such as `https://api.sms.example`");
  }
  const from = document.member('from');
  const number = from.text();
  if (number !== null && !NUMBER.test(number)) {
    from.fatal('expected the number that messages come from, such as `+15550100`');
  }
  return { provider: (url ?? '').replace(/\/+$/, ''), from: number };
}

/** The plugin. */
export class Sms {
  static check(config) {
    return Reader.check(config, readSettings);
  }

  /** The same under each configuration. */
  static describe() {
    return { medium: 'sms', contentKinds: ['text/plain'], promise: 'at-most-once', maxBatch: 10, perSecond: undefined };
  }

  static send(config, messages, gateway) {
    const settings = Reader.require(config, readSettings);
    return messages.map((message) => sendOne(settings, message, gateway));
  }

  /** Anybody can send such a request, so the signature comes first. */
  static receive(_config, request, gateway) {
    const signature = fromHex(request.header('x-signature') ?? '') ?? new Uint8Array();
    if (!gateway.verify('webhook', 'sha256', request.body, signature)) {
      throw new Refused("the signature is not the provider's");
    }
    const event = read(request.text());
    const text = (name) => (typeof event?.[name] === 'string' ? event[name] : '');
    switch (text('type')) {
      case 'delivered':
      case 'failed':
        return receipt([delivery(text('id'), text('type'))]);
      case 'inbound':
        if (!NUMBER.test(text('from'))) {
          throw new Invalid('/from: expected a telephone number');
        }
        return receipt([wantsNoMore(text('text')) ? optedOut(text('from')) : answered(text('from'))]);
      default:
        // Providers have new kinds of event now and then.
        return receipt([]);
    }
  }
}

function sendOne(settings, message, gateway) {
  if (!NUMBER.test(message.to)) {
    return rejected('the address is no telephone number');
  }
  const text = new TextDecoder().decode(message.body);
  const body = JSON.stringify({ to: message.to, from: settings.from, text, reference: message.key });
  // The gateway puts the token in its place, and only for the provider's own server.
  const request = HttpRequest.post(`${settings.provider}/v1/messages`, 'application/json', body);
  try {
    return outcome(gateway.http(request.header('authorization', 'Bearer {{secret:token}}')));
  } catch (error) {
    return error instanceof NotSent ? later() : unknown('the exchange with the provider was cut off');
  }
}

function outcome(response) {
  const { status } = response;
  if (response.isSuccess) {
    return accepted(read(response.text())?.id);
  }
  if (status === 400 || status === 422) {
    return rejected(`the provider refused the message with status ${status}`);
  }
  // After 500, 502 and 504 nobody knows whether it went out: it is never sent again by itself.
  return [500, 502, 504].includes(status) ? unknown(`the provider failed with status ${status}`) : later();
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Invalid('the body is no JSON');
  }
}

/** Whether an answer is a word by which a person wants no more. */
function wantsNoMore(answer) {
  return STOP_WORDS.includes(answer.replace(/^[^A-Za-z]+|[^A-Za-z]+$/g, '').toUpperCase());
}
