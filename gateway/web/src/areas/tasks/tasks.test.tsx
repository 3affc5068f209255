import { screen, waitFor, within } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { expect, test } from "vitest";
import type { Task } from "@/api/model";
import { at, gateway, page, patient, problem, signedIn } from "@/testing/gateway";
import { open } from "@/testing/open";

const task = {
  id: "tsk_1",
  patient: { id: "pat_1", name: "Ruth Abernathy" },
  kind: "call",
  note: "Ask for a date",
  status: "open",
  origin: "journey",
  made_by: null,
  journey: { id: "jrn_1", title: "Breast cancer screening" },
  message: null,
  assigned_user: null,
  assigned_role: "coordinator",
  due_on: "2020-01-31",
  created_at: "2026-11-01T09:00:00Z",
  ended_at: null,
  ended_by: null,
} as unknown as Task;

test("the list shows what is to be done, for whom, from where, and what is overdue", async () => {
  const asked: string[] = [];
  signedIn();
  gateway.use(
    http.get(at("/tasks"), ({ request }) => {
      asked.push(new URL(request.url).search);
      return page([task]);
    }),
  );
  const { user } = open("/tasks");
  const row = (await screen.findByText("Ask for a date")).closest("tr") as HTMLElement;
  expect(within(row).getByText("Call the patient")).toBeInTheDocument();
  expect(within(row).getByText("Coordinator")).toBeInTheDocument();
  expect(within(row).getByText("Overdue")).toBeInTheDocument();
  expect(within(row).getByRole("link", { name: "Breast cancer screening" })).toHaveAttribute("href", "/journeys/jrn_1");
  expect(within(row).getByRole("link", { name: "Ruth Abernathy" })).toHaveAttribute("href", "/patients/pat_1");
  await user.click(screen.getByRole("radio", { name: "Mine" }));
  await waitFor(() => expect(asked.at(-1)).toBe("?assignee=me&offset=0&limit=50"));
});

test("a task is said to be done, and its commands are gone", async () => {
  let now = task;
  signedIn();
  gateway.use(
    http.get(at("/tasks"), () => page([now])),
    http.put(at("/tasks/tsk_1/status"), async ({ request }) => {
      const { status } = (await request.json()) as { status: Task["status"] };
      now = { ...task, status, ended_at: "2026-11-02T09:00:00Z", ended_by: "Ana Ruiz" };
      return HttpResponse.json(now);
    }),
  );
  const { user } = open("/tasks");
  await user.click(await screen.findByRole("button", { name: "Done: Call the patient, Ruth Abernathy" }));
  expect(await screen.findByText("by Ana Ruiz", { exact: false })).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: /Call the patient/ })).not.toBeInTheDocument();
});

test("who may not work on tasks sees them without commands", async () => {
  signedIn(["read-tasks", "read-patients"]);
  gateway.use(http.get(at("/tasks"), () => page([task])));
  open("/tasks");
  expect(await screen.findByText("Call the patient")).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: /Call the patient/ })).not.toBeInTheDocument();
});

test("a task is put down from the page of a patient, and a refusal is shown", async () => {
  const bodies: unknown[] = [];
  signedIn();
  gateway.use(
    http.get(at("/patients/pat_1"), () => HttpResponse.json(patient)),
    http.get(at("/tasks"), () => page([])),
    http.post(at("/tasks"), async ({ request }) => {
      bodies.push(await request.json());
      return bodies.length === 1 ? problem(422, "That can't be") : HttpResponse.json(task, { status: 201 });
    }),
  );
  const { user } = open("/patients/pat_1?tab=tasks");
  expect(await screen.findByText("Nothing is to be done about this person.")).toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Add task" }));
  const dialog = await screen.findByRole("dialog");
  await user.type(within(dialog).getByRole("textbox", { name: "Note" }), "Ask for a date");
  await user.click(within(dialog).getByRole("button", { name: "Add task" }));
  expect(await within(dialog).findByRole("alert")).toHaveTextContent("That can't be");
  await user.click(within(dialog).getByRole("button", { name: "Add task" }));
  expect(await screen.findByText("The task was put down.")).toBeInTheDocument();
  const expected = { patient: "pat_1", kind: "call", assignee: null, due_on: null, note: "Ask for a date" };
  expect(bodies).toEqual([expected, expected]);
});
