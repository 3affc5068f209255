import { expect, test } from "vitest";
import en from "./en.json";
import es from "./es.json";

type Words = Record<string, Record<string, string>>;

function flat(words: Words): Map<string, string> {
  return new Map(
    Object.entries(words).flatMap(([group, each]) =>
      Object.entries(each).map(([key, text]): [string, string] => [`${group}.${key}`, text]),
    ),
  );
}

const places = (text: string) => [...text.matchAll(/{{(\w+)}}/g)].map((match) => match[1]).sort();

test("Spanish says everything English says, with the same places for values", () => {
  const english = flat(en);
  const spanish = flat(es);
  const missing = [...english.keys()].filter((key) => !spanish.get(key));
  expect(missing).toEqual([]);
  // Spanish has one more plural form than English.
  const extra = [...spanish.keys()].filter((key) => !english.has(key.replace(/_many$/, "_other")));
  expect(extra).toEqual([]);
  const different = [...english].filter(
    ([key, text]) => String(places(text)) !== String(places(spanish.get(key) ?? "")),
  );
  expect(different).toEqual([]);
});
