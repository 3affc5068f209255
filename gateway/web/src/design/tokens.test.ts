// Reads the style sheet itself: a colour that is changed there is measured here.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const css = readFileSync(`${import.meta.dirname}/tokens.css`, "utf8");

function tokens(scheme: string): Map<string, string> {
  const block = css.split(`data-mantine-color-scheme="${scheme}"] {`)[1]?.split("}")[0] ?? "";
  return new Map([...block.matchAll(/(--[\w-]+): (#[0-9a-f]{6});/g)].map((match) => [match[1] ?? "", match[2] ?? ""]));
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
    const part = Number.parseInt(colour.slice(start, start + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((left, right) => left - right);
  return (light + 0.05) / (dark + 0.05);
}

const tones = ["good", "notice", "bad", "info", "plain"].map((tone) => [`--tone-${tone}-ink`, `--tone-${tone}-ground`]);
const pairs = [
  ...tones,
  ["--ink", "--paper"],
  ["--quiet", "--paper"],
  ["--quiet", "--panel"],
  ["--quiet", "--sunken"],
  ["--accent", "--paper"],
  ["--rail-ink", "--rail"],
  ["--rail-ink", "--rail-active"],
  ["--rail-quiet", "--rail"],
];

test.each(["light", "dark"])("every ink can be read on its ground in the %s scheme", (scheme) => {
  const colours = tokens(scheme);
  const weak = pairs.filter(
    ([ink = "", ground = ""]) => contrast(colours.get(ink) ?? "", colours.get(ground) ?? "") < 4.5,
  );
  expect(colours.size).toBeGreaterThan(20);
  expect(weak).toEqual([]);
});
