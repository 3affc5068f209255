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

function readStep(key: string, step: Record<string, unknown>, steps: Record<string, unknown>): OutlineStep {
  const onward: Onward[] = [];
  const details: [string, string][] = [];
  for (const [term, value] of Object.entries(step)) {
    if (term === "kind") {
      continue;
    }
    const isWay = typeof value === "string" && Object.hasOwn(steps, value);
    if (isWay) {
      onward.push({ when: term, to: value });
    } else if (value !== null && value !== undefined) {
      details.push([term, inWords(value)]);
    }
  }
  return { key, kind: typeof step.kind === "string" ? step.kind : "", onward, details };
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
