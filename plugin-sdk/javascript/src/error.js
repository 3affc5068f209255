/**
 * What a plugin says went wrong. Anything else that is thrown stops the call, because its words may tell of a person.
 *
 * @example
 * throw new Invalid('/from: expected a text, found nothing');
 * @example A plain error is a trap: the gateway says that the plugin was stopped, and nothing of the words
 * throw new Error('Ana has no number');
 */

/** An error that the contract has. */
export class PluginError extends Error {
  constructor(tag, value) {
    super(typeof value === 'string' ? value : tag);
    this.name = new.target.name;
    /** What crosses the border. */
    this.payload = { tag, val: value };
  }
}

/** The configuration or what was sent can't be read; the text says where and what was expected. */
export class Invalid extends PluginError {
  constructor(reason) {
    super('invalid', reason);
  }
}

/** The plugin refuses for a reason of its own. */
export class Refused extends PluginError {
  constructor(reason) {
    super('refused', reason);
  }
}

/** Something outside did not answer; trying again makes sense after so many milliseconds. */
export class Unavailable extends PluginError {
  constructor(retryAfter) {
    super('unavailable', retryAfter);
  }
}

/** What the gateway said went wrong, as an error of this library. */
export function errorOf(thrown) {
  const { tag, val } = thrown?.payload ?? thrown ?? {};
  switch (tag) {
    case 'invalid':
      return new Invalid(val);
    case 'refused':
      return new Refused(val);
    case 'unavailable':
      return new Unavailable(val);
    default:
      return thrown;
  }
}
