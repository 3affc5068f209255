// The nouns of the gateway under the names the console uses. All of them come from the generated schema.

import type { components, paths } from "./schema";

type Schemas = components["schemas"];
type Json<Operation> = Operation extends { responses: { 200: { content: { "application/json": infer Body } } } }
  ? Body
  : never;
type Answer<Path extends keyof paths> = paths[Path] extends { get: infer Operation } ? Json<Operation> : never;
type Item<Page> = Page extends { items: (infer Row)[] } ? Row : never;

export type Session = Answer<"/api/v1/session">;
export type Overview = Answer<"/api/v1/overview">;
export type PatientRow = Item<Answer<"/api/v1/patients">>;
export type PatientRecord = Answer<"/api/v1/patients/{id}">;
export type Contactability = PatientRow["contactability"];
export type Fact = Item<Answer<"/api/v1/patients/{id}/facts">>;
export type TimelineItem = Item<Answer<"/api/v1/patients/{id}/timeline">>;
export type Membership = Item<Answer<"/api/v1/patients/{id}/memberships">>;
export type Evidence = Membership["evidence"][number];
export type PatientRun = Item<Answer<"/api/v1/patients/{id}/runs">>;
export type Consent = Item<Answer<"/api/v1/patients/{id}/consents">>;
export type NewConsent = Schemas["NewConsent"];
export type Account = Item<Answer<"/api/v1/accounts">>;
export type SegmentRow = Item<Answer<"/api/v1/segments">>;
export type SegmentRecord = Answer<"/api/v1/segments/{id}">;
export type SegmentMember = Item<Answer<"/api/v1/segments/{id}/members">>;
export type JourneyRow = Item<Answer<"/api/v1/journeys">>;
export type JourneyRecord = Answer<"/api/v1/journeys/{id}">;
export type JourneyRun = Item<Answer<"/api/v1/journeys/{id}/runs">>;
export type Message = Item<Answer<"/api/v1/messages">>;
export type Source = Item<Answer<"/api/v1/sources">>;
export type SyncRun = Item<Answer<"/api/v1/sources/{id}/runs">>;
export type QuarantineRow = Item<Answer<"/api/v1/quarantine">>;
export type Plugin = Item<Answer<"/api/v1/plugins">>;
export type User = Item<Answer<"/api/v1/users">>;
export type AuditEntry = Item<Answer<"/api/v1/audit">>;
