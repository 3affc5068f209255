// The one way to the gateway: a client typed by the gateway's own OpenAPI document.

import createClient from "openapi-fetch";
import { Problem } from "./problem";
import type { paths } from "./schema";

const sessionPath = "/api/v1/session";

/** Tells the shell that the gateway no longer knows the session. */
export const sessionEnded = new EventTarget();

export const api = createClient<paths>({
  baseUrl: globalThis.location?.origin ?? "",
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

interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** The data of an answer; anything else is thrown as a `Problem`. */
export async function answered<Data>(asked: Promise<Answer<Data>>): Promise<NonNullable<Data>> {
  const { data, response } = await sent(asked);
  if (data === undefined || data === null) {
    throw new Problem({ title: "", status: response.status }, response.headers.get("x-request-id"));
  }
  return data;
}

/** Waits for an answer that has nothing in it. */
export async function done(asked: Promise<Answer<unknown>>): Promise<void> {
  await sent(asked);
}

async function sent<Data>(asked: Promise<Answer<Data>>): Promise<Answer<Data>> {
  let answer: Answer<Data>;
  try {
    answer = await asked;
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
