// The one way to the gateway: a client typed by the gateway's own OpenAPI document.

import createClient from "openapi-fetch";
import { Problem } from "./problem";
import type { paths } from "./schema";

const base = "/api/v1";
const sessionPath = `${base}/session`;

/** Tells the shell that the gateway no longer knows the session. */
export const sessionEnded = new EventTarget();

export const api = createClient<paths>({
  baseUrl: `${globalThis.location?.origin ?? ""}${base}`,
  credentials: "same-origin",
  fetch: (request: Request) => globalThis.fetch(request),
});

api.use({
  onResponse({ request, response }) {
    if (response.status === 401 && new URL(request.url).pathname !== sessionPath) {
      sessionEnded.dispatchEvent(new Event("ended"));
    }
  },
});

/** The query of a list. The document names the answers of lists, but not what they may be asked, hence not checked by type. */
export function asked(search: object): never {
  return search as never;
}

interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** The data of an answer; anything else is thrown as a `Problem`. */
export async function answered<Data>(answer: Promise<Answer<Data>>): Promise<NonNullable<Data>> {
  const { data, response } = await sent(answer);
  if (data === undefined || data === null) {
    throw new Problem({ title: "", status: response.status }, response.headers.get("x-request-id"));
  }
  return data;
}

/** Waits for an answer that has nothing in it. */
export async function done(answer: Promise<Answer<unknown>>): Promise<void> {
  await sent(answer);
}

async function sent<Data>(pending: Promise<Answer<Data>>): Promise<Answer<Data>> {
  let answer: Answer<Data>;
  try {
    answer = await pending;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") {
      throw cause;
    }
    throw Problem.unreachable();
  }
  if (!answer.response.ok) {
    throw Problem.from(answer.error, answer.response);
  }
  return answer;
}
