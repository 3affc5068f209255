import { screen, waitFor, within } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { expect, test } from "vitest";
import type { Source, WriteBack } from "@/api/model";
import { at, gateway, page, signedIn } from "@/testing/gateway";
import { open } from "@/testing/open";

const source = {
  id: "src_1",
  name: "riverside",
  base_url: "https://ehr.example.org/fhir",
  resources: [],
  quarantined: 0,
  last_run: null,
  synced_at: null,
  complete_until: null,
} as unknown as Source;

const line = {
  object: "tsk_1",
  kind: "task",
  source: { id: "src_1", title: "riverside" },
  status: "failed",
  tries: 3,
  next_try_at: null,
  remote_id: null,
  remote_version: null,
  reason: "a new Task: status 422",
  updated_at: "2026-11-02T09:00:00Z",
} as unknown as WriteBack;

test("what was given up says why, and can be tried again", async () => {
  const asked: string[] = [];
  const bodies: unknown[] = [];
  signedIn();
  gateway.use(
    http.get(at("/sources"), () => HttpResponse.json({ items: [source], total: 1 })),
    http.get(at("/write-backs"), ({ request }) => {
      asked.push(new URL(request.url).search);
      return page([line]);
    }),
    http.post(at("/write-back-retries"), async ({ request }) => {
      bodies.push(await request.json());
      return HttpResponse.json({ count: 1 });
    }),
  );
  const { user } = open("/sources/src_1?tab=write-backs");
  const row = (await screen.findByText("a new Task: status 422")).closest("tr") as HTMLElement;
  expect(within(row).getByText("Given up")).toBeInTheDocument();
  await user.click(within(row).getByRole("button", { name: "Try again: tsk_1" }));
  expect(await screen.findByText("1 is tried again.")).toBeInTheDocument();
  expect(bodies).toEqual([{ source: "src_1", object: "tsk_1" }]);
  await user.click(screen.getByRole("radio", { name: "Waiting" }));
  await waitFor(() => expect(asked.at(-1)).toContain("status=waiting"));
});

test("who only reads sources is not offered another try", async () => {
  signedIn(["read-sources"]);
  gateway.use(
    http.get(at("/sources"), () => HttpResponse.json({ items: [source], total: 1 })),
    http.get(at("/write-backs"), () => page([line])),
  );
  open("/sources/src_1?tab=write-backs");
  expect(await screen.findByText("Given up", { selector: "span" })).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: /again/ })).not.toBeInTheDocument();
});
