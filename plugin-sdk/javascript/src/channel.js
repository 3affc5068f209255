/**
 * Channels: how messages reach people.
 *
 * @example
 * class Closed {
 *   static check() { return []; }
 *   static describe() {
 *     return { medium: 'letter', contentKinds: ['application/pdf'], promise: 'at-most-once', maxBatch: 10, perSecond: undefined };
 *   }
 *   static send(config, messages) { return messages.map(() => rejected('the post office is closed')); }
 * }
 * export const channel = exportChannel(Closed, componentGateway({}));
 * @example Where the provider may have got a message, nothing is sent again by itself
 * catch (error) { return error instanceof NotSent ? later() : unknown('the exchange was cut off'); }
 */

/** The provider took the message; its id. */
export const accepted = (id) => ({ tag: 'accepted', val: id });

/** This recipient will never work; why. */
export const rejected = (why) => ({ tag: 'rejected', val: why });

/** Not now; trying again makes sense after so many milliseconds. */
export const later = (after) => ({ tag: 'later', val: after });

/** The message may or may not have gone out; why. */
export const unknown = (why) => ({ tag: 'unknown', val: why });

/** The export of a component: `export const channel = exportChannel(Mine, gateway)`. */
export function exportChannel(plugin, gateway) {
  return {
    check: (config) => plugin.check(config),
    describe: (config) => plugin.describe(config),
    send: (config, messages) => plugin.send(config, messages, gateway),
  };
}
