import { screen, waitFor, within } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { expect, test } from "vitest";
import { at, gateway, signedIn } from "@/testing/gateway";
import { open } from "@/testing/open";
import { outlineOf } from "./outline";

const definition = {
  version: 1,
  start: "invite",
  steps: {
    done: { exit: { reason: "screened" } },
    invite: { send: { message: "bcs-invite", channels: ["email"] }, next: "click" },
    click: { wait_for: { events: ["clicked"], of: "invite", timeout: "14d", then: "done", otherwise: "remind" } },
    remind: { send: { message: "bcs-reminder", channels: ["email"] }, next: "done" },
  },
};

const journey = {
  id: "jny_1",
  key: "bcs",
  title: "Breast cancer screening",
  description: "Invites and reminds.",
  status: "live",
  version: 1,
  plugin: "journey-flow",
  entry_segment: null,
  inside: 640,
  left: 0,
  stuck: 0,
  definition,
  at_step: [{ step: "click", count: 640 }],
  left_by_reason: [],
};

test("an outline has every step once, from the start on", () => {
  expect(outlineOf(definition)?.map((step) => step.key)).toEqual(["invite", "click", "done", "remind"]);
});

test("a step says its kind, where it leads, and what else it holds; a step it only speaks of is no way onward", () => {
  expect(outlineOf(definition)?.[1]).toEqual({
    key: "click",
    kind: "wait_for",
    onward: [
      { when: "then", to: "done" },
      { when: "otherwise", to: "remind" },
    ],
    details: [
      ["events", "clicked"],
      ["of", "invite"],
      ["timeout", "14d"],
    ],
  });
});

test("an outline ends where a definition runs in a circle", () => {
  const circle = { start: "a", steps: { a: { kind: "wait", next: "b" }, b: { kind: "wait", next: "a" } } };
  expect(outlineOf(circle)?.map((step) => step.key)).toEqual(["a", "b"]);
});

test("a definition of another shape has no outline", () => {
  expect(outlineOf({ nodes: [] })).toBeNull();
  expect(outlineOf("text")).toBeNull();
});

test("the flow shows how many people are at each step", async () => {
  signedIn();
  gateway.use(http.get(at("/journeys/jny_1"), () => HttpResponse.json(journey)));
  open("/journeys/jny_1");
  const step = (await screen.findByRole("heading", { name: /Click/, level: 3 })).closest("li");
  expect(step).toHaveTextContent("640 people");
});

test("a journey is paused only after it was asked about", async () => {
  const sent: unknown[] = [];
  signedIn();
  gateway.use(
    http.get(at("/journeys/jny_1"), () => HttpResponse.json(journey)),
    http.put(at("/journeys/jny_1/status"), async ({ request }) => {
      sent.push(await request.json());
      return new HttpResponse(null, { status: 204 });
    }),
  );
  const { user } = open("/journeys/jny_1");
  await user.click(await screen.findByRole("button", { name: "Pause" }));
  const dialog = await screen.findByRole("dialog", { name: "Pause “Breast cancer screening”?" });
  expect(dialog).toHaveTextContent("640 people stay where they are");
  expect(sent).toEqual([]);
  await user.click(within(dialog).getByRole("button", { name: "Pause" }));
  await waitFor(() => expect(sent).toEqual([{ status: "paused" }]));
});

test("who may not manage journeys sees no commands", async () => {
  signedIn(["read-journeys"]);
  gateway.use(http.get(at("/journeys/jny_1"), () => HttpResponse.json(journey)));
  open("/journeys/jny_1");
  expect(await screen.findByRole("heading", { name: "Breast cancer screening", level: 1 })).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Stop" })).not.toBeInTheDocument();
});
