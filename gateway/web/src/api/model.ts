// The nouns of the gateway under the names the console uses. All of them come from the generated schema.

import type { components, paths } from "./schema";

type Schemas = components["schemas"];
type Json<Operation> = Operation extends { responses: { 200: { content: { "application/json": infer Body } } } }
  ? Body
  : never;
type Answer<Path extends keyof paths> = paths[Path] extends { get: infer Operation } ? Json<Operation> : never;
type Item<Page> = Page extends { items: (infer Row)[] } ? Row : never;

export type Session = Answer<"/session">;
export type Overview = Answer<"/overview">;
export type PatientRow = Item<Answer<"/patients">>;
export type PatientRecord = Answer<"/patients/{id}">;
export type Contactability = PatientRow["contactability"];
export type Fact = Item<Answer<"/patients/{id}/facts">>;
export type TimelineItem = Item<Answer<"/patients/{id}/timeline">>;
export type Membership = Item<Answer<"/patients/{id}/memberships">>;
export type Evidence = Membership["evidence"][number];
export type PatientRun = Item<Answer<"/patients/{id}/runs">>;
export type Consent = Item<Answer<"/patients/{id}/consents">>;
export type NewConsent = Schemas["ConsentInput"];
export type Person = Answer<"/patients/{id}/person">;
export type PersonRecord = Person["records"][number];
export type GoldenField = Person["golden"][number];
export type IdentityQuestion = Item<Answer<"/identity-questions">>;
export type IdentityDecision = Item<Answer<"/identity-decisions">>;
export type NewIdentityDecision = Schemas["IdentityDecisionInput"];
export type Account = Item<Answer<"/accounts">>;
export type SegmentRow = Item<Answer<"/segments">>;
export type SegmentRecord = Answer<"/segments/{id}">;
export type SegmentMember = Item<Answer<"/segments/{id}/members">>;
export type JourneyRow = Item<Answer<"/journeys">>;
export type JourneyRecord = Answer<"/journeys/{id}">;
export type JourneyRun = Item<Answer<"/journeys/{id}/runs">>;
export type Message = Item<Answer<"/messages">>;
export type Task = Item<Answer<"/tasks">>;
export type Source = Item<Answer<"/sources">>;
export type SyncRun = Item<Answer<"/sources/{id}/runs">>;
export type QuarantineRow = Item<Answer<"/quarantine">>;
export type QuarantineReason = Item<Answer<"/quarantine-reasons">>;
export type WriteBack = Item<Answer<"/write-backs">>;
export type Plugin = Item<Answer<"/plugins">>;
export type PluginRecord = Answer<"/plugins/{name}">;
export type FunctionFigures = PluginRecord["functions"][number];
export type CallError = PluginRecord["errors"][number];
export type PluginCall = Item<Answer<"/plugins/{name}/calls">>;
export type CallInput = Schemas["CallInputView"];
export type User = Item<Answer<"/users">>;
export type AuditEntry = Item<Answer<"/audit">>;
