// The steps of a journey as an outline: every step once, in the order a person meets them, with the ways onward.
// Only the shape is read here (steps by key, one of them the start); what the steps mean is the plugin's business.

export interface Onward {
  /** Where in the step the way is written, for example `next` or `on_timeout`. */
  when: string;
  to: string;
}

export interface OutlineStep {
  key: string;
  kind: string;
  onward: Onward[];
  /** What else the step says, one term and value each. */
  details: [term: string, value: string][];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The outline of a definition, or `null` where it has no such shape. */
export function outlineOf(definition: unknown): OutlineStep[] | null {
  if (!isRecord(definition) || !isRecord(definition.steps) || typeof definition.start !== "string") {
    return null;
  }
  const { steps, start } = definition;
  const outline: OutlineStep[] = [];
  const seen = new Set<string>();
  const waiting = [start, ...Object.keys(steps)];
  while (waiting.length > 0) {
    const key = waiting.shift() as string;
    const step = steps[key];
    if (seen.has(key) || !isRecord(step)) {
      continue;
    }
    seen.add(key);
    const read = readStep(key, step, steps);
    outline.push(read);
    waiting.unshift(...read.onward.map((way) => way.to));
  }
  return outline.length > 0 ? outline : null;
}

const ways = /^(next|then|otherwise|else|if_.+|on_.+)$/;

/** A step says its kind as `{"kind": "wait", ...}` or as its one object member, `{"wait": {...}, "next": ...}`. */
function readStep(key: string, step: Record<string, unknown>, steps: Record<string, unknown>): OutlineStep {
  const { kind: named, ...plain } = step;
  const nested = Object.entries(plain).find(([, value]) => isRecord(value));
  const kind = typeof named === "string" ? named : (nested?.[0] ?? "");
  const terms = Object.entries(plain).flatMap(([term, value]) =>
    term === kind && isRecord(value) ? Object.entries(value) : [[term, value] as [string, unknown]],
  );
  const onward: Onward[] = [];
  const details: [string, string][] = [];
  for (const [term, value] of terms) {
    if (typeof value === "string" && ways.test(term) && Object.hasOwn(steps, value)) {
      onward.push({ when: term, to: value });
    } else if (value !== null && value !== undefined) {
      details.push([term, inWords(value)]);
    }
  }
  return { key, kind, onward, details };
}

function inWords(value: unknown): string {
  if (Array.isArray(value)) {
    return value.map(inWords).join(", ");
  }
  if (isRecord(value)) {
    return Object.entries(value)
      .map(([term, inner]) => `${term.replaceAll("_", " ")} ${inWords(inner)}`)
      .join(", ");
  }
  return String(value);
}
