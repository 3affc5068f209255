// Words for the values the gateway names: statuses, kinds, roles. A value that is new to the console is shown as it is.

import { useCallback } from "react";
import { useTranslation } from "react-i18next";

export function readable(value: string): string {
  if (!/^[a-z0-9_-]+$/.test(value)) {
    return value;
  }
  const words = value.replaceAll(/[-_]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function useWord(): (group: string, value: string) => string {
  const { t, i18n } = useTranslation();
  return useCallback(
    (group, value) => {
      const key = `${group}.${value}`;
      return i18n.exists(key) ? t(key as never) : readable(value);
    },
    [t, i18n],
  );
}
