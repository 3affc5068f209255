/** Types of what the author of a plugin writes in JavaScript. */

export type FactKind =
  | 'condition' | 'medication' | 'allergy' | 'immunization' | 'procedure' | 'observation' | 'encounter' | 'order' | 'coverage'
  | 'appointment' | 'care-team' | 'interaction' | 'subscription';
export type Sex = 'unknown' | 'female' | 'male' | 'other';
export type Hash = 'sha1' | 'sha256' | 'sha512';

export const FACT_KINDS: readonly FactKind[];
export const FactFlags: Readonly<Record<
  | 'EFFECTIVE' | 'ACTIVE' | 'ENDED' | 'PLANNED' | 'NOT_DONE' | 'IN_ERROR' | 'UNCONFIRMED' | 'LABORATORY' | 'VITAL_SIGN' | 'IMAGING'
  | 'SURVEY' | 'EXAM' | 'PROBLEM_LIST' | 'ENCOUNTER_DIAGNOSIS' | 'OUTPATIENT' | 'INPATIENT' | 'EMERGENCY' | 'VIRTUAL' | 'RESTRICTED',
  number
>>;
export const POPULATION: Readonly<Record<'INITIAL' | 'DENOMINATOR' | 'EXCLUSION' | 'EXCEPTION' | 'NUMERATOR' | 'MEMBER', number>>;

// === Days ===

export class Day {
  constructor(number: number);
  readonly number: number;
  static of(year: number, month: number, day: number): Day;
  static ofInstant(milliseconds: bigint | number): Day;
  static birthday(birth: Day, age: number): Day;
  parts(): [year: number, month: number, day: number];
  plusDays(days: number): Day;
  plusMonths(months: number): Day;
  age(birth: Day): number;
  equals(other: Day): boolean;
  valueOf(): number;
  toString(): string;
}
export const NEVER: Day;
export const EVER: Day;

export class Period {
  constructor(first: Day, last: Day);
  readonly first: Day;
  readonly last: Day;
}

export class Span {
  readonly earliestStart: Day;
  readonly latestStart: Day;
  readonly earliestEnd: Day;
  readonly latestEnd: Day;
  isCertainlyWithin(period: Period): boolean;
  isCertainlyDuring(period: Period): boolean;
}

// === Patients and segments ===

export class CodeSet extends Set<number> {}

export class Patient {
  constructor(batch: Batch, row: number, lookups?: Lookups);
  readonly birth: Day | null;
  readonly sex: Sex;
  readonly isDeceased: boolean;
  ageOn(day: Day): number | null;
  facts(): Facts;
  ofKind(kind: FactKind): Facts;
  conditions(): Facts;
  medications(): Facts;
  immunizations(): Facts;
  procedures(): Facts;
  observations(): Facts;
  encounters(): Facts;
  lookUp(...kinds: FactKind[]): KnownFact[];
}

export class Facts implements Iterable<Fact> {
  ofKind(kind: FactKind): Facts;
  inSet(set: Iterable<number>): Facts;
  withFlags(flags: number): Facts;
  withoutFlags(flags: number): Facts;
  within(period: Period): Facts;
  activeDuring(period: Period): Facts;
  mostRecent(): Fact | null;
  exists(): boolean;
  atLeast(count: number): boolean;
  [Symbol.iterator](): Iterator<Fact>;
}

export class Fact {
  readonly row: number;
  readonly kind: FactKind | null;
  readonly flags: number;
  readonly codes: ArrayLike<number>;
  readonly value: number | null;
  readonly unit: number | null;
  readonly valueCode: number | null;
  readonly firstDay: Day | null;
  readonly encounter: Fact | null;
  hasCodeIn(set: ReadonlySet<number>): boolean;
  happened(): Span;
  lasted(): Span;
}

/** Patients as columns, as they cross the border. */
export interface Batch {
  birth: ArrayLike<number>;
  sex: ArrayLike<number>;
  deceased: ArrayLike<number>;
  factOffset: ArrayLike<number>;
  kind: ArrayLike<number>;
  codeOffset: ArrayLike<number>;
  code: ArrayLike<number>;
  factFlags: ArrayLike<number>;
  start: ArrayLike<bigint>;
  end: ArrayLike<bigint>;
  precision: ArrayLike<number>;
  value: ArrayLike<number>;
  unit: ArrayLike<number>;
  valueCode: ArrayLike<number>;
  encounter: ArrayLike<number>;
}

export interface Question {
  readonly asOf: Day;
  readonly withEvidence: boolean;
  readonly lookups: Lookups;
}

export interface Coding {
  system: string;
  code: string;
}
export interface NamedCode extends Coding {
  display: string | undefined;
}

/** A clinical statement with its codes spelled out. */
export class KnownFact {
  readonly kind: FactKind | null;
  readonly codes: NamedCode[];
  readonly flags: number;
  readonly value: number | null;
  readonly unit: NamedCode | null;
  readonly valueCode: NamedCode | null;
  readonly firstDay: Day | null;
  readonly lastDay: Day | null;
  readonly counts: boolean;
}

/** What a segment looks up. */
export interface Lookups {
  inValueSet(url: string, code: Coding): boolean | null;
  display(code: Coding): string | null;
  expand(url: string): Coding[] | null;
  lookUp(row: number, kinds: FactKind[]): KnownFact[];
}
export function componentLookups(imports?: { lookup?: object; patientLookup?: object }): Lookups;

export interface Issue {
  path: string;
  message: string;
  fatal: boolean;
}

export type CodeSetNeed = { tag: 'value-set'; val: string } | { tag: 'codes'; val: { system: string; code: string }[] };
export function valueSet(url: string): CodeSetNeed;
export function codes(...spelledOut: [system: string, code: string][]): CodeSetNeed;

export class Description {
  constructor(segments: { key: string; title: string; groups: string[] }[]);
  readonly segments: { key: string; title: string; groups: string[] }[];
  readonly needs: { facts: Record<string, boolean>; codeSets: CodeSetNeed[]; lookbackYears: number | undefined };
  static one(key: string, title: string): Description;
  facts(...kinds: FactKind[]): this;
  codeSet(need: CodeSetNeed): this;
  lookbackYears(years: number): this;
}

export interface VerdictBuilder {
  readonly wantsEvidence: boolean;
  populations(group: number, bits: number): void;
  member(group?: number): void;
  reviewOn(day: Day): void;
  evidence(fact: Fact, phrase: string): void;
  withoutFact(phrase: string): void;
}

/** A segment plugin: made once for a batch, with its configuration and the code sets of its description, resolved. */
export interface SegmentPlugin {
  new (config: string, sets: CodeSet[]): { evaluate(patient: Patient, question: Question, verdict: VerdictBuilder): void };
  check(config: string): Issue[];
  describe(config: string): Description;
}

export interface Verdicts {
  populations: Uint8Array;
  reviewOn: Int32Array;
  evidenceOffset: Uint32Array;
  evidenceFact: Uint32Array;
  evidencePhrase: Uint16Array;
  phrases: string[];
}
export interface BatchQuestion {
  config: string;
  codeSets: ArrayLike<ArrayLike<number>>;
  asOf: bigint;
  withEvidence: boolean;
}
export function evaluateBatch(plugin: SegmentPlugin, question: BatchQuestion, patients: Batch, lookups?: Lookups): Verdicts;
export function exportSegment(plugin: SegmentPlugin, lookups?: Lookups): object;

// === Documents and errors ===

export class Reader {
  readonly value: unknown;
  readonly path: string;
  static check(text: string, read: (document: Reader) => unknown): Issue[];
  static read<T>(text: string, read: (document: Reader) => T): [T | null, Issue[]];
  static require<T>(text: string, read: (document: Reader) => T): T;
  fatal(message: string): void;
  advice(message: string): void;
  has(name: string): boolean;
  member(name: string): Reader;
  object(...names: string[]): boolean;
  text(): string | null;
  integer(least: number, most: number): number | null;
  number(): number | null;
  boolean(): boolean | null;
  items<T>(most: number, read: (item: Reader) => T | null): T[] | null;
  choice<T>(choices: Record<string, T>): T | null;
}

export class PluginError extends Error {
  readonly payload: { tag: string; val: unknown };
}
export class Invalid extends PluginError {
  constructor(reason: string);
}
export class Refused extends PluginError {
  constructor(reason: string);
}
export class Unavailable extends PluginError {
  constructor(retryAfter?: number);
}

// === Channels and webhooks ===

export class NotSent extends Error {}
export class MayHaveBeenSent extends Error {}

export class HttpRequest {
  constructor(method: string, url: string, headers?: [string, string][], body?: Uint8Array);
  readonly method: string;
  readonly url: string;
  readonly headers: [string, string][];
  readonly body: Uint8Array;
  static get(url: string): HttpRequest;
  static post(url: string, contentType: string, body: string | Uint8Array): HttpRequest;
  header(name: string, value: string): this;
}

export class HttpResponse {
  constructor(status: number, headers?: [string, string][], body?: Uint8Array);
  readonly status: number;
  readonly headers: [string, string][];
  readonly body: Uint8Array;
  readonly isSuccess: boolean;
  header(name: string): string | undefined;
  text(): string;
}

/** What a channel has of the gateway. */
export interface Gateway {
  http(request: HttpRequest): HttpResponse;
  get(key: string): Uint8Array | undefined;
  set(key: string, value: Uint8Array): void;
  delete(key: string): void;
  sign(secret: string, hash: Hash, message: Uint8Array): Uint8Array;
  verify(secret: string, hash: Hash, message: Uint8Array, signature: Uint8Array): boolean;
}
export function componentGateway(imports: { http?: object; secret?: object; keyValue?: object }): Gateway;

export interface Message {
  key: string;
  to: string;
  contentKind: string;
  subject: string | undefined;
  body: Uint8Array;
  attributes: [string, string][];
}
export type Outcome =
  | { tag: 'accepted'; val: string | undefined }
  | { tag: 'rejected' | 'unknown'; val: string }
  | { tag: 'later'; val: number | undefined };
export function accepted(id?: string): Outcome;
export function rejected(why: string): Outcome;
export function later(after?: number): Outcome;
export function unknown(why: string): Outcome;

export interface ChannelDescription {
  medium: string;
  contentKinds: string[];
  promise: 'at-most-once' | 'idempotent';
  maxBatch: number;
  perSecond: number | undefined;
}
export interface ChannelPlugin {
  check(config: string): Issue[];
  describe(config: string): ChannelDescription;
  send(config: string, messages: Message[], gateway: Gateway): Outcome[];
}
export function exportChannel(plugin: ChannelPlugin, gateway: Gateway): object;

export class WebhookRequest {
  constructor(request: { method: string; url: string; headers: [string, string][]; body: Uint8Array; receivedAt: bigint });
  readonly method: string;
  readonly url: string;
  readonly headers: [string, string][];
  readonly body: Uint8Array;
  readonly receivedAt: bigint;
  static post(body: string): WebhookRequest;
  with(name: string, value: string): this;
  header(name: string): string | undefined;
  text(): string;
}
export type DeliveryState = 'delivered' | 'failed' | 'undeliverable';
export type Notice =
  | { tag: 'delivery'; val: { providerId: string; state: DeliveryState; reason: string | undefined } }
  | { tag: 'opted-out' | 'answered'; val: string };
export interface Receipt {
  notices: Notice[];
  response: { status: number; contentType: string | undefined; body: Uint8Array };
}
export function delivery(providerId: string, state: DeliveryState, reason?: string): Notice;
export function optedOut(address: string): Notice;
export function answered(address: string): Notice;
export function receipt(notices: Notice[]): Receipt;
export function toHex(bytes: Uint8Array): string;
export function fromHex(text: string): Uint8Array | null;

export interface WebhookPlugin {
  receive(config: string, request: WebhookRequest, gateway: Gateway): Receipt;
}
export function exportWebhook(plugin: WebhookPlugin, gateway: Gateway): object;
