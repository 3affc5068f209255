import { screen, within } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { expect, test } from "vitest";
import type { PluginCall, PluginRecord } from "@/api/model";
import { speak } from "@/locales/i18n";
import { at, gateway, page, signedIn } from "@/testing/gateway";
import { open } from "@/testing/open";

const traffic = { requests: 0, sent_bytes: 0, received_bytes: 0 };

const figures = {
  calls: 0,
  answered: 0,
  said: 0,
  stopped: 0,
  nonsense: 0,
  timed_out: 0,
  time_seconds: 0,
  longest_seconds: 0,
  computing_seconds: 0,
  waiting_seconds: 0,
  queueing_seconds: 0,
  fuel: 0,
  most_memory_bytes: 0,
  host_calls: 0,
  log_lines: 0,
  lookups: 0,
  mails: 0,
  http: traffic,
};

const busy = {
  ...figures,
  calls: 12,
  answered: 10,
  said: 1,
  timed_out: 1,
  time_seconds: 0.06,
  longest_seconds: 0.0125,
  computing_seconds: 0.02,
  waiting_seconds: 0.04,
  most_memory_bytes: 1_114_112,
  mails: 31,
};

const error = {
  number: 9,
  at: "2026-11-02T09:00:00Z",
  function: "send",
  outcome: "timed-out",
  reason: "it took longer than 120 s",
};

const plugin = {
  name: "channel-email",
  version: "1.0.0",
  kind: "channel",
  description: "Carries mail.",
  digest: "00ff",
  asks: ["mail"],
  granted: ["mail"],
  bundled: true,
  status: "active",
  calls: 12,
  failures: 1,
  last_error: null,
  since: "2026-11-01T09:00:00Z",
  total: busy,
  functions: [{ function: "send", figures: busy }],
  errors: [error],
} as unknown as PluginRecord;

const call = {
  ...error,
  version: "1.0.0",
  inputs: [
    { name: "config", count: null, bytes: 812, fields: [] },
    {
      name: "messages",
      count: 3,
      bytes: null,
      fields: [
        { name: "to", count: null, bytes: 51, fields: [] },
        {
          name: "attributes",
          count: null,
          bytes: null,
          fields: [{ name: "envelope-from", count: 3, bytes: 66, fields: [] }],
        },
      ],
    },
  ],
  host: [{ function: "mail.relay", calls: 3, time_seconds: 0.004 }],
  time_seconds: 0.0125,
  computing_seconds: 0.0085,
  waiting_seconds: 0.004,
  queueing_seconds: 0,
  fuel: 1_234_567,
  memory_bytes: 1_114_112,
  http: traffic,
} as unknown as PluginCall;

function answers(record: PluginRecord = plugin, calls: PluginCall[] = [call]) {
  signedIn();
  gateway.use(
    http.get(at("/plugins/channel-email"), () => HttpResponse.json(record)),
    http.get(at("/plugins/channel-email/calls"), () => page(calls)),
  );
}

test("a plugin shows its figures, and an error opens the trace of its call", async () => {
  answers();
  const { user, router } = open("/plugins/channel-email");
  const send = (await screen.findByRole("rowheader", { name: "Send" })).closest("tr") as HTMLElement;
  expect(within(send).getByText("5 ms")).toBeInTheDocument();
  expect(within(send).getByText("12.5 ms")).toBeInTheDocument();
  expect(within(send).getByText("1.11 MB")).toBeInTheDocument();

  await user.click(screen.getByRole("button", { name: "Open the trace of call 9" }));
  const trace = await screen.findByRole("dialog", { name: "Trace" });
  expect(await within(trace).findByText("it took longer than 120 s")).toBeInTheDocument();
  expect(within(trace).getByText("envelope-from").closest("li")).toHaveTextContent("envelope-from3 · 66 bytes");
  expect(within(trace).getByText("messages").closest("li")).toHaveTextContent("messages3");
  expect(within(trace).getByText("mail.relay").closest("li")).toHaveTextContent("mail.relay3 times · 4 ms");
  expect(router.state.location.search).toMatchObject({ call: "9" });
});

test("the recent calls are listed, and each opens by the keyboard", async () => {
  answers();
  const { user } = open("/plugins/channel-email?tab=calls");
  const opener = await screen.findByRole("button", { name: "Send 9" });
  expect(opener.closest("tr")).toHaveTextContent("config and 3 messages");
  opener.focus();
  await user.keyboard("{Enter}");
  expect(await screen.findByRole("dialog", { name: "Trace" })).toBeInTheDocument();
});

test("the address of a trace that is no longer kept says so", async () => {
  answers();
  open("/plugins/channel-email?call=3");
  expect(await screen.findByText("The trace of this call is no longer kept.")).toBeInTheDocument();
});

test("a plugin that was never called says that and nothing else", async () => {
  answers({ ...plugin, total: figures, functions: [], errors: [] } as PluginRecord, []);
  open("/plugins/channel-email");
  expect(await screen.findByText("It has not been called yet.")).toBeInTheDocument();
  expect(screen.queryByRole("table")).not.toBeInTheDocument();
});

test("the figures are told in Spanish", async () => {
  answers();
  await speak("es");
  open("/plugins/channel-email");
  expect(await screen.findByRole("rowheader", { name: "Enviar" })).toBeInTheDocument();
  expect(screen.getByText("Últimas llamadas sin respuesta", { selector: "h2" })).toBeInTheDocument();
});
