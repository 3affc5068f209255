/**
 * Example of a channel plugin: text messages by the HTTP API of a provider, and what the provider tells by its webhook.
 *
 * The plugin never sees the provider's token, and nothing of a person is in its log or its errors. A message of which nobody can say whether it
 * went out is said to be unknown, and is never sent again by itself.
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
} from '../../../../plugin-sdk/javascript/outreach.js';

export const CONTENT_KIND = 'text/plain';
/** Words by which a person wants no more messages, as carriers know them in English and Spanish. */
const STOP_WORDS = ['STOP', 'STOPALL', 'UNSUBSCRIBE', 'CANCEL', 'END', 'QUIT', 'ALTO', 'PARAR'];
/** The contract takes no more notices in one answer. */
const MOST_EVENTS = 1_000;
const LONGEST_WAIT_SECONDS = 86_400;

/** A telephone number as ITU-T E.164 writes it. */
const NUMBER = /^\+[0-9]{7,15}$/;
/** A reason such as `carrier-unreachable`; in anything longer there may be something of the person. */
const WORD = /^[a-z_-]{1,64}$/;
const STATES = ['delivered', 'failed', 'undeliverable'];

/** What can be configured. */
function readSettings(document) {
  document.object('provider', 'from');
  const provider = document.member('provider');
  const url = provider.text();
  if (url?.startsWith('http://')) {
    provider.advice('messages go to this provider unencrypted; use `https://` for all but trials');
  } else if (url !== null && !url.startsWith('https://')) {
    provider.fatal("expected the base URL of the provider's API, such as `https://api.sms.example`");
  }
  const from = document.member('from');
  const number = from.text();
  if (number !== null && !NUMBER.test(number)) {
    from.fatal('expected the number that messages come from, `+` and 7 to 15 digits, such as `+15550100`');
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
    return { medium: 'sms', contentKinds: [CONTENT_KIND], promise: 'at-most-once', maxBatch: 10, perSecond: undefined };
  }

  static send(config, messages, gateway) {
    const settings = Reader.require(config, readSettings);
    return messages.map((message) => sendOne(settings, message, gateway));
  }

  static receive(_config, request, gateway) {
    const signature = fromHex(request.header('x-signature') ?? '') ?? new Uint8Array();
    if (!gateway.verify('webhook', 'sha256', request.body, signature)) {
      throw new Refused("the signature is not the provider's");
    }
    const events = textOrJson(request.text())?.events;
    if (!Array.isArray(events)) {
      throw new Invalid('/events: expected a list');
    }
    if (events.length > MOST_EVENTS) {
      throw new Invalid('/events: expected at most 1000');
    }
    return receipt(events.map((event, place) => notice(event, `/events/${place}`)).filter((told) => told !== null));
  }
}

function textOrJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Invalid('the body is no JSON document');
  }
}

function sendOne(settings, message, gateway) {
  if (message.contentKind !== CONTENT_KIND) {
    return rejected(`text messages carry \`${CONTENT_KIND}\` and nothing else`);
  }
  if (!NUMBER.test(message.to)) {
    return rejected('the address is no telephone number of the form `+15550100`');
  }
  let text;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(message.body);
  } catch {
    return rejected('the message is no text');
  }
  if (text.trim() === '') {
    return rejected('the message is empty');
  }
  const body = JSON.stringify({ to: message.to, from: settings.from, text, reference: message.key });
  const request = HttpRequest.post(`${settings.provider}/v1/messages`, 'application/json', body);
  try {
    return outcome(gateway.http(request.header('authorization', 'Bearer {{secret:token}}')));
  } catch (error) {
    return error instanceof NotSent ? later() : unknown('the exchange with the provider was cut off');
  }
}

/** What the provider's answer means. */
function outcome(response) {
  const { status } = response;
  if (response.isSuccess) {
    return accepted(idOf(response));
  }
  if (status === 400 || status === 422) {
    return rejected(`the provider refused the message with status ${status}`);
  }
  if (status === 429 || status === 503) {
    return later(waitOf(response));
  }
  // Below 500 it is a wrong token or address of the provider: the message did not go out, and can when that is mended.
  return status >= 500 ? unknown(`the provider failed with status ${status}`) : later();
}

function idOf(response) {
  try {
    return textOf(JSON.parse(response.text()), 'id') ?? undefined;
  } catch {
    return undefined;
  }
}

/** `Retry-After` in seconds (RFC 9110 section 10.2.3) as milliseconds. A date says nothing to a plugin, which has no clock. */
function waitOf(response) {
  const seconds = response.header('retry-after') ?? '';
  return /^[0-9]{1,9}$/.test(seconds) ? Math.min(Number(seconds), LONGEST_WAIT_SECONDS) * 1_000 : undefined;
}

/** What an event tells. Kinds that are not known tell nothing: a provider may have new ones. */
function notice(event, place) {
  const kind = textOf(event, 'type');
  if (kind === null) {
    throw new Invalid(`${place}: expected an object with a \`type\``);
  }
  if (kind === 'inbound') {
    const from = textOf(event, 'from');
    if (from === null || !NUMBER.test(from)) {
      throw new Invalid(`${place}: expected \`from\`, a telephone number`);
    }
    return wantsNoMore(textOf(event, 'text') ?? '') ? optedOut(from) : answered(from);
  }
  if (!STATES.includes(kind)) {
    return null;
  }
  const id = textOf(event, 'id');
  if (id === null) {
    throw new Invalid(`${place}: expected \`id\`, the provider's id of a message`);
  }
  const reason = textOf(event, 'reason');
  return delivery(id, kind, reason !== null && WORD.test(reason) ? reason : undefined);
}

function textOf(value, name) {
  const text = value !== null && typeof value === 'object' && Object.hasOwn(value, name) ? value[name] : null;
  return typeof text === 'string' && text !== '' ? text : null;
}

/** Whether an answer is one of the words by which a person wants no more, in any case and whatever stands around it. */
function wantsNoMore(answer) {
  const letters = [...answer];
  // The engine of components has no classes of letters in regular expressions; a letter is what has an upper and a lower case.
  const isOfWord = (letter) => letter.toLowerCase() !== letter.toUpperCase() || /[0-9]/.test(letter);
  const word = letters.slice(Math.max(letters.findIndex(isOfWord), 0), letters.findLastIndex(isOfWord) + 1);
  return STOP_WORDS.includes(word.join('').toUpperCase());
}
