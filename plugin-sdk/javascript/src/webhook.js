/**
 * Webhooks: what a channel's provider tells the gateway.
 *
 * @example Takes `STOP <address>`, signed
 * class Stops {
 *   static receive(config, request, gateway) {
 *     const signature = fromHex(request.header('x-signature') ?? '') ?? new Uint8Array();
 *     if (!gateway.verify('webhook', 'sha256', request.body, signature)) {
 *       throw new Refused("the signature is not the provider's");
 *     }
 *     return receipt([optedOut(request.text().replace('STOP ', ''))]);
 *   }
 * }
 * export const webhook = exportWebhook(Stops, gateway);
 * @example A request that anybody sent is refused
 * Stops.receive('{}', WebhookRequest.post('STOP +15550100'), gateway); // throws Refused
 */

import { Invalid } from './error.js';

/** A request to the channel's address. The names of headers are in lower case. */
export class WebhookRequest {
  constructor({ method, url, headers, body, receivedAt }) {
    Object.assign(this, { method, url, headers, body, receivedAt });
  }

  /** A `POST` to the channel's address, for tests. */
  static post(body) {
    const url = 'https://outreach.hospital.example/webhooks/channel/sms';
    return new WebhookRequest({ method: 'POST', url, headers: [], body: new TextEncoder().encode(body), receivedAt: 0n });
  }

  /** One more header, for tests. */
  with(name, value) {
    this.headers.push([name, value]);
    return this;
  }

  /** The first value of a header, by its name in lower case. */
  header(name) {
    return this.headers.find(([known]) => known === name)?.[1];
  }

  /** The body as text; `Invalid` where it is none. */
  text() {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.body);
    } catch {
      throw new Invalid('the body is no text');
    }
  }
}

/** What became of a message: `delivered`, `failed` or `undeliverable`; why, in words without anything of the person. */
export const delivery = (providerId, state, reason) => ({ tag: 'delivery', val: { providerId, state, reason } });

/** Whoever has this address wants no more messages by this channel. */
export const optedOut = (address) => ({ tag: 'opted-out', val: address });

/** Whoever has this address answered, and staff should look at it. The words stay with the provider. */
export const answered = (address) => ({ tag: 'answered', val: address });

/** These notices, and an empty answer that says all is well. */
export const receipt = (notices) => ({ notices, response: { status: 200, contentType: undefined, body: new Uint8Array() } });

/** Bytes as hexadecimal digits. */
export const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Hexadecimal digits as bytes; null where they are none. */
export function fromHex(text) {
  if (!/^([0-9a-f]{2})*$/i.test(text)) {
    return null;
  }
  return Uint8Array.from({ length: text.length / 2 }, (_, place) => Number.parseInt(text.slice(place * 2, place * 2 + 2), 16));
}

/** The export of a component: `export const webhook = exportWebhook(Mine, gateway)`. */
export function exportWebhook(plugin, gateway) {
  return { receive: (config, request) => plugin.receive(config, new WebhookRequest(request), gateway) };
}
