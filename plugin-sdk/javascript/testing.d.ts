/** Types of the test kit. */

import type {
  Batch, CodeSetNeed, Coding, Day, FactKind, Gateway, HttpRequest, HttpResponse, KnownFact, Lookups, MayHaveBeenSent, NotSent, SegmentPlugin, Verdicts,
} from './outreach.js';

export class Codes {
  number(system: string, code: string): number;
  valueSet(url: string, ...codes: [system: string, code: string][]): void;
  resolve(needs: CodeSetNeed[]): Uint32Array[];
}

export class PatientBuilder {
  static unknown(): PatientBuilder;
  static born(day: string): PatientBuilder;
  female(): PatientBuilder;
  male(): PatientBuilder;
  deceased(): PatientBuilder;
  fact(kind: FactKind, system: string, code: string, start: string): PatientBuilder;
  observation(system: string, code: string, on: string): PatientBuilder;
  procedure(system: string, code: string, on: string): PatientBuilder;
  condition(system: string, code: string, since: string): PatientBuilder;
  medication(system: string, code: string, since: string): PatientBuilder;
  visit(on: string): PatientBuilder;
  flags(flags: number): PatientBuilder;
  until(end: string): PatientBuilder;
  value(value: number, unit: string): PatientBuilder;
}

export function batch(codes: Codes, patients: PatientBuilder[]): Batch;
export function asDay(text: string): Day;

export class Answer {
  constructor(verdicts: Verdicts);
  readonly verdicts: Verdicts;
  isMember(patient: number): boolean;
  reviewOn(patient: number): Day;
  phrases(patient: number): string[];
}
export function ask(
  plugin: SegmentPlugin, config: string, codes: Codes, on: string, patients: PatientBuilder[], lookups?: Lookups,
): Answer;

export class FakeGateway implements Gateway, Lookups {
  readonly asked: HttpRequest[];
  readonly lookedUp: number[];
  valueSet(url: string, ...codes: [system: string, code: string][]): this;
  codeNamed(system: string, code: string, display: string): this;
  grantLookup(...kinds: FactKind[]): this;
  ask(plugin: SegmentPlugin, config: string, codes: Codes, on: string, patients: PatientBuilder[]): Answer;
  inValueSet(url: string, code: Coding): boolean | null;
  display(code: Coding): string | null;
  expand(url: string): Coding[] | null;
  lookUp(row: number, kinds: FactKind[]): KnownFact[];
  answerHttp(status: number, body?: string, headers?: Record<string, string>): this;
  failHttp(error: NotSent | MayHaveBeenSent): this;
  secret(name: string, secret: string | Uint8Array): this;
  http(request: HttpRequest): HttpResponse;
  get(key: string): Uint8Array | undefined;
  set(key: string, value: Uint8Array): void;
  delete(key: string): void;
  sign(secret: string, hash: 'sha1' | 'sha256' | 'sha512', message: Uint8Array): Uint8Array;
  verify(secret: string, hash: 'sha1' | 'sha256' | 'sha512', message: Uint8Array, signature: Uint8Array): boolean;
}
