// Numbers, dates and moments in the user's language, through Intl.

import { useMemo } from "react";
import { useTranslation } from "react-i18next";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export interface Format {
  number: (value: number) => string;
  /** A FHIR date, which may stop at the year or the month; or a moment, of which the day is shown. */
  date: (value: string | null | undefined) => string;
  moment: (value: string | null | undefined) => string;
  /** How long ago, or how far ahead, a moment is. */
  distance: (value: string, now?: number) => string;
  /** A length of time in its largest fitting unit. */
  duration: (seconds: number) => string;
  /** A short time in the unit that suits it, from microseconds up. */
  time: (seconds: number) => string;
  bytes: (bytes: number) => string;
  /** A large number in few letters. */
  compact: (value: number) => string;
  /** A language's own name in the user's language. */
  language: (tag: string | null | undefined) => string;
  list: (words: string[]) => string;
}

export function formatFor(locale: string): Format {
  const numbers = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
  const moments = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const days = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const compacts = new Intl.NumberFormat(locale, { notation: "compact", maximumSignificantDigits: 3 });
  const languages = new Intl.DisplayNames(locale, { type: "language" });
  const lists = new Intl.ListFormat(locale, { type: "conjunction" });

  return {
    number: (value) => numbers.format(value),
    date: (value) => formatDate(value, locale, days),
    moment: (value) => {
      const at = value ? Date.parse(value) : Number.NaN;
      return Number.isNaN(at) ? (value ?? "–") : moments.format(at);
    },
    distance: (value, now = Date.now()) => {
      const seconds = (Date.parse(value) - now) / 1000;
      if (Number.isNaN(seconds)) {
        return value;
      }
      const [size, unit] = largestUnit(Math.abs(seconds));
      return relative.format(Math.trunc(seconds / size), unit);
    },
    duration: (seconds) => {
      const [size, unit] = largestUnit(seconds);
      return new Intl.NumberFormat(locale, {
        style: "unit",
        unit,
        unitDisplay: "long",
        maximumFractionDigits: 0,
      }).format(Math.round(seconds / size));
    },
    time: (seconds) => {
      const [size, unit] = shortUnit(seconds);
      return measured(locale, seconds / size, unit);
    },
    bytes: (bytes) => {
      const [size, unit] = byteUnit(bytes);
      return measured(locale, bytes / size, unit);
    },
    compact: (value) => compacts.format(value),
    language: (tag) => {
      if (!tag) {
        return "–";
      }
      try {
        return languages.of(tag) ?? tag;
      } catch {
        return tag;
      }
    },
    list: (words) => lists.format(words),
  };
}

function formatDate(value: string | null | undefined, locale: string, days: Intl.DateTimeFormat): string {
  if (!value) {
    return "–";
  }
  if (/^\d{4}$/.test(value)) {
    return value;
  }
  if (/^\d{4}-\d{2}$/.test(value)) {
    const month = Date.parse(`${value}-01T00:00:00Z`);
    const options = { year: "numeric", month: "long", timeZone: "UTC" } as const;
    return Number.isNaN(month) ? value : new Intl.DateTimeFormat(locale, options).format(month);
  }
  if (/^\d{4}-\d{2}-\d{2}$/.test(value)) {
    const day = Date.parse(`${value}T00:00:00Z`);
    return Number.isNaN(day)
      ? value
      : new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" }).format(day);
  }
  const at = Date.parse(value);
  return Number.isNaN(at) ? value : days.format(at);
}

function measured(locale: string, value: number, unit: string): string {
  const unitDisplay = unit === "byte" ? "long" : "short";
  const options = { style: "unit", unit, unitDisplay, maximumSignificantDigits: 3 } as const;
  return new Intl.NumberFormat(locale, options).format(value);
}

function shortUnit(seconds: number): [number, string] {
  if (seconds >= MINUTE) {
    return seconds >= HOUR ? [HOUR, "hour"] : [MINUTE, "minute"];
  }
  if (seconds >= 1 || seconds === 0) {
    return [1, "second"];
  }
  return seconds >= 0.001 ? [0.001, "millisecond"] : [0.000_001, "microsecond"];
}

function byteUnit(bytes: number): [number, string] {
  if (bytes >= 1e6) {
    return bytes >= 1e9 ? [1e9, "gigabyte"] : [1e6, "megabyte"];
  }
  return bytes >= 1e3 ? [1e3, "kilobyte"] : [1, "byte"];
}

function largestUnit(seconds: number): [number, "second" | "minute" | "hour" | "day"] {
  if (seconds >= DAY) {
    return [DAY, "day"];
  }
  if (seconds >= HOUR) {
    return [HOUR, "hour"];
  }
  return seconds >= MINUTE ? [MINUTE, "minute"] : [1, "second"];
}

export function useFormat(): Format {
  const { i18n } = useTranslation();
  return useMemo(() => formatFor(i18n.language), [i18n.language]);
}
