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
  /** A language's own name in the user's language. */
  language: (tag: string | null | undefined) => string;
  list: (words: string[]) => string;
}

export function formatFor(locale: string): Format {
  const numbers = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
  const moments = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const days = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
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
