// A gateway for tests: answers at the network, by the contract, so that everything above it is the real console.

import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import type { PatientRecord, Session } from "@/api/model";

export const at = (path: string) => `http://localhost:3000/api/v1${path}`;

/** What every page asks for is answered where a test says nothing else. */
export const gateway = setupServer(http.get(at("/identity-questions"), () => page([])));

export const everything = [
  "read-patients",
  "read-segments",
  "manage-segments",
  "read-journeys",
  "manage-journeys",
  "read-messages",
  "record-consent",
  "read-tasks",
  "work-on-tasks",
  "decide-identity",
  "read-sources",
  "manage-sources",
  "read-plugins",
  "manage-users",
  "read-audit",
];

export function session(permissions: string[] = everything, id = "usr_1"): Session {
  const user = { id, email: "ana@hospital.example", name: "Ana Ruiz", role: "administrator" };
  return { user, permissions } as Session;
}

export function signedIn(permissions?: string[]) {
  gateway.use(http.get(at("/session"), () => HttpResponse.json(session(permissions))));
}

export function problem(status: number, title: string, requestId?: string) {
  return HttpResponse.json(
    { type: "about:blank", title, status },
    {
      status,
      headers: {
        "content-type": "application/problem+json",
        ...(requestId ? { "x-request-id": requestId } : {}),
      },
    },
  );
}

export const patient = {
  id: "pat_1",
  name: "Ruth Abernathy",
  birth_date: "1961-04-02",
  age: 65,
  sex: "female",
  language: "en",
  status: "active",
  source: "sandbox",
  fhir_id: "p1",
  contactability: { reachable: false, channels: [], reasons: ["opted-out"] },
  given: "Ruth",
  family: "Abernathy",
  deceased: { state: "no" },
  time_zone: null,
  address: null,
  contact_points: [],
  identifiers: [],
  replaced_by: null,
  data_quality: [],
  managing_account: null,
  general_practitioners: [],
  care_teams: [],
  updated_at: "2026-11-01T09:00:00Z",
} as unknown as PatientRecord;

export function page<Row>(items: Row[], total = items.length) {
  return HttpResponse.json({ items, total });
}
