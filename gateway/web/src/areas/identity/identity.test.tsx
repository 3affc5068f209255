import { screen, waitFor, within } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { expect, test } from "vitest";
import type { IdentityQuestion, Person } from "@/api/model";
import { at, everything, gateway, page, patient, signedIn } from "@/testing/gateway";
import { open } from "@/testing/open";

const ssn = "http://hl7.org/fhir/sid/us-ssn";

const record = (id: string, source: string, primary: boolean, others: string[]) => ({
  id,
  name: "Ruth Abernathy",
  birth_date: "1961-04-02",
  sex: "female",
  source,
  fhir_id: `of-${source}`,
  status: "active",
  primary,
  replaced: false,
  said_at: "2026-11-01T09:00:00Z",
  can_be_parted_from: others,
});

const person = {
  primary: "pat_1",
  trouble: null,
  records: [record("pat_1", "hospital", true, ["pat_2"]), record("pat_2", "clinic", false, ["pat_1"])],
  golden: [
    {
      field: "name",
      kind: null,
      value: "Ruth Abernathy",
      source: "hospital",
      record: "pat_1",
      since: "2026-11-01T09:00:00Z",
    },
    { field: "language", kind: null, value: "es", source: "clinic", record: "pat_2", since: "2026-11-02T09:00:00Z" },
    { field: "identifier", kind: ssn, value: "a-1", source: "clinic", record: "pat_2", since: "2026-11-02T09:00:00Z" },
  ],
  links: [{ one: "pat_1", other: "pat_2", by: "identifier", system: ssn, text: "" }],
  decisions: [],
  questions: [],
} as unknown as Person;

const compared = (id: string, source: string, birth_date: string) => ({
  id,
  name: `Ruth of ${source}`,
  birth_date,
  sex: "female",
  status: "active",
  source,
  fhir_id: id,
  address: [],
  contact_points: [],
  identifiers: [{ system: ssn, value: "1" }],
});

const question = {
  kind: "birth-differs",
  text: "",
  system: ssn,
  for_staff: true,
  since: "2026-11-01T09:00:00Z",
  records: [compared("pat_1", "hospital", "1961-04-02"), compared("pat_2", "clinic", "1990-01-01")],
} as unknown as IdentityQuestion;

function shows(shown: Person) {
  gateway.use(
    http.get(at("/patients/pat_1"), () => HttpResponse.json(patient)),
    http.get(at("/patients/pat_1/person"), () => HttpResponse.json(shown)),
  );
}

test("the records of a person are shown with why they are one and where each field is from", async () => {
  signedIn();
  shows(person);
  open("/patients/pat_1?tab=records");
  const records = await screen.findByRole("table", { name: "Records of this person" });
  expect(within(records).getByText("By this record").closest("tr")).toHaveTextContent("hospital");
  expect(screen.getByText(`Same identifier in ${ssn}`)).toBeInTheDocument();
  const golden = screen.getByRole("table", { name: "What we go by" });
  expect(within(golden).getByText("Spanish").closest("tr")).toHaveTextContent("clinic");
  expect(within(golden).getByText("a-1")).toBeInTheDocument();
});

test("before records are parted it is said that opt-outs stay with both, and why is asked", async () => {
  const sent: unknown[] = [];
  signedIn();
  shows(person);
  gateway.use(
    http.post(at("/identity-decisions"), async ({ request }) => {
      sent.push(await request.json());
      return HttpResponse.json({ ...person, records: person.records.slice(0, 1), links: [] });
    }),
  );
  const { user } = open("/patients/pat_1?tab=records");
  await user.click(await screen.findByRole("button", { name: "Part from the others: Ruth Abernathy, clinic" }));
  const dialog = await screen.findByRole("dialog", { name: "These records are not one person's" });
  expect(dialog).toHaveTextContent("Opt-outs stay with both");
  const part = within(dialog).getByRole("button", { name: "Part the records" });
  expect(part).toBeDisabled();
  await user.type(within(dialog).getByRole("textbox", { name: /Why/ }), "two people, one number");
  await user.click(part);
  await waitFor(() =>
    expect(sent).toEqual([
      { record: "pat_2", others: ["pat_1"], decision: "different", reason: "two people, one number" },
    ]),
  );
  expect(await screen.findByText("The records are parted. Opt-outs stay with both.")).toBeInTheDocument();
});

test("who may not decide is offered nothing to decide with", async () => {
  signedIn(everything.filter((permission) => permission !== "decide-identity"));
  shows({ ...person, questions: [question] });
  open("/patients/pat_1?tab=records");
  expect(await screen.findByText("differs")).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: /Part from the others/ })).not.toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "One person" })).not.toBeInTheDocument();
});

test("what the source merged is not offered to be parted", async () => {
  signedIn();
  const merged = record("pat_1", "hospital", true, []);
  shows({ ...person, records: [merged as never, record("pat_2", "clinic", false, ["pat_1"]) as never] });
  open("/patients/pat_1?tab=records");
  expect(await screen.findByText("Merged by its source")).toBeInTheDocument();
});

test("an open question shows both records side by side and is answered", async () => {
  const sent: unknown[] = [];
  let answered = false;
  signedIn();
  gateway.use(
    http.get(at("/identity-questions"), () => page(answered ? [] : [question])),
    http.post(at("/identity-decisions"), async ({ request }) => {
      sent.push(await request.json());
      answered = true;
      return HttpResponse.json(person);
    }),
  );
  const { user } = open("/identity");
  const card = await screen.findByRole("article", {
    name: "They have an identifier in common, and different birth dates.",
  });
  expect(within(card).getByRole("link", { name: "Ruth of hospital" })).toBeInTheDocument();
  expect(within(card).getByRole("rowheader", { name: /Born differs/ })).toBeInTheDocument();
  expect(within(card).getByRole("rowheader", { name: "Sex" })).toBeInTheDocument();
  await user.click(within(card).getByRole("button", { name: "One person" }));
  const dialog = await screen.findByRole("dialog");
  await user.type(within(dialog).getByRole("textbox", { name: /Why/ }), "she showed her passport");
  await user.click(within(dialog).getByRole("button", { name: "Join the records" }));
  expect(await screen.findByText(/Nothing is open/)).toBeInTheDocument();
  expect(sent).toEqual([{ record: "pat_1", others: ["pat_2"], decision: "same", reason: "she showed her passport" }]);
});

test("a decision is taken back after it was said what that means", async () => {
  const taken: string[] = [];
  const decision = {
    one: { id: "pat_1", name: "Ruth of hospital" },
    other: { id: "pat_2", name: "Ruth of clinic" },
    decision: "different",
    by: "Ana Ruiz",
    reason: "two people",
    at: "2026-11-01T09:00:00Z",
  };
  signedIn();
  gateway.use(
    http.get(at("/identity-decisions"), () => page(taken.length > 0 ? [] : [decision])),
    http.delete(at("/identity-decisions/:one/:other"), ({ params }) => {
      taken.push(`${params.one} ${params.other}`);
      return new HttpResponse(null, { status: 204 });
    }),
  );
  const { user } = open("/identity?tab=decided");
  expect(await screen.findByText(/two people/)).toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Take back: Ruth of hospital, Ruth of clinic" }));
  const dialog = await screen.findByRole("dialog", { name: "Take this decision back?" });
  expect(dialog).toHaveTextContent("Opt-outs stay with both.");
  await user.click(within(dialog).getByRole("button", { name: "Take back" }));
  expect(await screen.findByText("Nobody has decided anything by hand.")).toBeInTheDocument();
  expect(taken).toEqual(["pat_1 pat_2"]);
});
