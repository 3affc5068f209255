/**
 * What the gateway does for a channel that asked for it and was granted it: HTTP, secrets used, small things kept. In a component it is made of
 * what the component imports, in a test it is the `FakeGateway` of `testing.js`.
 *
 * @example The imports are those of the component's world, and no more
 * import { handle } from 'wasi:http/outgoing-handler@0.2.0';
 * import { Fields, OutgoingBody, OutgoingRequest } from 'wasi:http/types@0.2.0';
 * const gateway = componentGateway({ http: { handle, Fields, OutgoingBody, OutgoingRequest } });
 * gateway.http(HttpRequest.get('https://api.sms.example/').header('authorization', 'Bearer {{secret:token}}')).status;
 * @example No answer is an error that says whether the server may have got the request
 * try { gateway.http(request); } catch (error) { return error instanceof NotSent ? later() : unknown('cut off'); }
 */

import { errorOf } from './error.js';

const PIECE = 4_096;
const DISPOSE = Symbol.dispose ?? Symbol.for('dispose');

/** The gateway, or the server's name or door, refused a request: the server certainly did not get it. */
export class NotSent extends Error {}

/** There is no answer to a request, and the server may have got it. */
export class MayHaveBeenSent extends Error {}

const firstOf = (headers, name) => headers.find(([known]) => known === name)?.[1];

/**
 * A request to a server. In the value of a header, the gateway puts a secret in the place of `{{secret:name}}`, and `user:secret` in Base64 in
 * the place of `{{basic:user:name}}`.
 */
export class HttpRequest {
  constructor(method, url, headers = [], body = new Uint8Array()) {
    Object.assign(this, { method, url, headers, body });
  }

  /** A `GET`. */
  static get(url) {
    return new HttpRequest('GET', url);
  }

  /** A `POST` of a body of a kind: a text or bytes. */
  static post(url, contentType, body) {
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
    return new HttpRequest('POST', url, [['content-type', contentType]], bytes);
  }

  /** One more header. */
  header(name, value) {
    this.headers.push([name, value]);
    return this;
  }
}

/** What a server answered, whole. The names of headers are in lower case. */
export class HttpResponse {
  constructor(status, headers = [], body = new Uint8Array()) {
    Object.assign(this, { status, headers, body });
  }

  /** Whether the server did what was asked: a status of 200 to 299. */
  get isSuccess() {
    return this.status >= 200 && this.status <= 299;
  }

  /** The first value of a header, by its name in lower case. */
  header(name) {
    return firstOf(this.headers, name);
  }

  /** The body as text. */
  text() {
    return new TextDecoder().decode(this.body);
  }
}

/** The gateway of a component, made of the interfaces that it imports. */
export function componentGateway({ http, secret, keyValue }) {
  const told = (work) => {
    try {
      return work();
    } catch (thrown) {
      throw errorOf(thrown);
    }
  };
  return {
    http: (request) => read(send(http, request)),
    get: (key) => told(() => keyValue.get(key)),
    set: (key, value) => told(() => keyValue.set(key, value)),
    delete: (key) => told(() => keyValue.delete(key)),
    sign: (name, hash, message) => told(() => secret.sign(name, hash, message)),
    verify: (name, hash, message, signature) => told(() => secret.verify(name, hash, message, signature)),
  };
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH'];

function send({ handle, Fields, OutgoingBody, OutgoingRequest }, request) {
  const [, scheme, authority, path] = /^(https?):\/\/([^/?#]+)([^#]*)/.exec(request.url) ?? [];
  if (!authority) {
    throw new NotSent("the URL can't be used");
  }
  let outgoing;
  let body;
  try {
    const encoder = new TextEncoder();
    outgoing = new OutgoingRequest(Fields.fromList(request.headers.map(([name, value]) => [name, encoder.encode(value)])));
    const isUsual = METHODS.includes(request.method);
    outgoing.setMethod(isUsual ? { tag: request.method.toLowerCase() } : { tag: 'other', val: request.method });
    outgoing.setScheme({ tag: scheme.toUpperCase() });
    outgoing.setAuthority(authority);
    outgoing.setPathWithQuery(path.startsWith('/') ? path : `/${path}`);
    body = request.body.length > 0 ? outgoing.body() : undefined;
  } catch {
    throw new NotSent("the request can't be made");
  }
  let coming;
  try {
    coming = handle(outgoing, undefined);
  } catch (thrown) {
    throw failed(thrown.payload ?? thrown);
  }
  if (body) {
    write(OutgoingBody, body, request.body);
  }
  const ready = coming.subscribe();
  ready.block();
  ready[DISPOSE]();
  // Two results, one in the other: whether it was taken before, and whether there is a response.
  let answer;
  try {
    answer = coming.get();
  } catch (thrown) {
    throw failed(thrown.payload ?? thrown);
  }
  while (answer?.tag === 'ok') {
    answer = answer.val;
  }
  if (answer?.tag === 'err') {
    throw failed(answer.val);
  }
  if (!answer) {
    throw new MayHaveBeenSent('the response was taken before');
  }
  return answer;
}

/** Sends a body. A server may answer before it has the whole, and a refused request takes none: what went wrong the response tells. */
function write(OutgoingBody, body, bytes) {
  let isWhole = false;
  const stream = body.write();
  try {
    for (let place = 0; place < bytes.length; place += PIECE) {
      stream.blockingWriteAndFlush(bytes.slice(place, place + PIECE));
    }
    isWhole = true;
  } catch {
    isWhole = false;
  } finally {
    stream[DISPOSE]();
  }
  try {
    if (isWhole) {
      OutgoingBody.finish(body, undefined);
    } else {
      body[DISPOSE]();
    }
  } catch {
    // As above.
  }
}

function read(response) {
  const status = response.status();
  const fields = response.headers();
  const decoder = new TextDecoder();
  const headers = fields.entries().map(([name, value]) => [name.toLowerCase(), decoder.decode(value)]);
  fields[DISPOSE]();
  const body = response.consume();
  const stream = body.stream();
  const pieces = [];
  for (;;) {
    try {
      pieces.push(stream.blockingRead(65_536n));
    } catch (thrown) {
      if ((thrown.payload ?? thrown).tag !== 'closed') {
        throw new MayHaveBeenSent('the response was cut off');
      }
      break;
    }
  }
  stream[DISPOSE]();
  body[DISPOSE]();
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let place = 0;
  for (const piece of pieces) {
    whole.set(piece, place);
    place += piece.length;
  }
  return new HttpResponse(status, headers, whole);
}

const NEVER_SENT = new Set([
  'http-request-denied',
  'dns-timeout',
  'dns-error',
  'destination-not-found',
  'destination-ip-prohibited',
  'destination-ip-unroutable',
  'connection-refused',
  'connection-timeout',
  'connection-limit-reached',
  'tls-certificate-error',
  'http-request-uri-invalid',
  'http-request-method-invalid',
  'http-request-body-size',
]);

/** Before a connection stands, nothing was sent. */
function failed(error) {
  const name = String(error?.tag ?? 'internal-error');
  return NEVER_SENT.has(name.toLowerCase()) ? new NotSent(name) : new MayHaveBeenSent(name);
}
