/**
 * What the author of a plugin of the Outreach Gateway writes in JavaScript. A plugin is a WebAssembly component that exports an interface of
 * the contract (`plugin-sdk/wit`). It is a class, made the export of the component by one call, and it runs natively too, so that its tests
 * are plain tests.
 *
 * @example Women without a mammogram in the last 27 months
 * class NoMammogram {
 *   static check() { return []; }
 *   static describe() {
 *     return Description.one('no-mammogram', 'No mammogram').facts('observation').codeSet(codes(['http://loinc.org', '24606-6']));
 *   }
 *   constructor(config, sets) { [this.mammogram] = sets; }
 *   evaluate(patient, question, verdict) {
 *     const months = new Period(question.asOf.plusMonths(-27), question.asOf);
 *     const screened = patient.observations().inSet(this.mammogram).within(months).mostRecent();
 *     if (patient.sex === 'female' && !screened) {
 *       verdict.member();
 *       verdict.withoutFact(`No mammogram since ${months.first}`);
 *     } else if (screened?.firstDay) {
 *       verdict.reviewOn(screened.firstDay.plusMonths(27).plusDays(1));
 *     }
 *   }
 * }
 * export const segment = exportSegment(NoMammogram);
 *
 * @example A configuration that can't be used is an error that says where, and what was expected
 * Reader.check('{"version": 1, "tittle": "typo"}', (document) => document.object('version', 'title'));
 * // [{ path: '/tittle', message: '`tittle` is not known here; did you mean `title`?', fatal: true }]
 */

export { exportChannel, accepted, later, rejected, unknown } from './src/channel.js';
export { Day, EVER, NEVER } from './src/day.js';
export { Reader } from './src/document.js';
export { Invalid, PluginError, Refused, Unavailable } from './src/error.js';
export { FactFlags, FACT_KINDS } from './src/fact.js';
export { HttpRequest, HttpResponse, MayHaveBeenSent, NotSent, componentGateway } from './src/gateway.js';
export { KnownFact, componentLookups } from './src/lookup.js';
export { CodeSet, Fact, Facts, Patient, Period, Span } from './src/patient.js';
export { Description, POPULATION, codes, evaluateBatch, exportSegment, valueSet } from './src/segment.js';
export { WebhookRequest, answered, delivery, exportWebhook, fromHex, optedOut, receipt, toHex } from './src/webhook.js';
