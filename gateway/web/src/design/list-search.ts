// What a list keeps in the URL: the search, the filters and the page. Anything a URL may hold is read without failing.

import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

export const defaultLimit = 50;

export interface ListSearch {
  q?: string;
  status?: string;
  /** Whose tasks are shown. */
  whose?: string;
  offset?: number;
  limit?: number;
  /** The open tab of a record. */
  tab?: string;
  /** The message whose drawer is open. */
  message?: string;
  /** The call of a plugin whose trace is open. */
  call?: string;
}

const largestLimit = 100;

export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== ""
    ? value.slice(0, 200)
    : typeof value === "number"
      ? String(value)
      : undefined;
}

function whole(value: unknown): number | undefined {
  const number = Number(value);
  return Number.isInteger(number) && number > 0 ? number : undefined;
}

export function listSearch(search: Record<string, unknown>): ListSearch {
  const limit = whole(search.limit);
  return {
    q: text(search.q),
    status: text(search.status),
    whose: text(search.whose),
    tab: text(search.tab),
    message: text(search.message),
    call: text(search.call),
    offset: whole(search.offset),
    limit: limit === undefined ? undefined : Math.min(limit, largestLimit),
  };
}

/** The page a search asks for. */
export function pageOf(search: ListSearch): { offset: number; limit: number } {
  return { offset: search.offset ?? 0, limit: search.limit ?? defaultLimit };
}

/** The part of a search that says the page, without what is the default anyway. */
export function pageSearch(page: { offset: number; limit: number }): { offset?: number; limit?: number } {
  return {
    offset: page.offset === 0 ? undefined : page.offset,
    limit: page.limit === defaultLimit ? undefined : page.limit,
  };
}

/** The search of the page, and a way to change it. A new filter begins at the first page again. */
export function useListSearch(): [ListSearch, (change: Partial<ListSearch>) => void] {
  const search: ListSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const change = useCallback(
    (changed: Partial<ListSearch>) => {
      const first = "tab" in changed || "message" in changed ? {} : { offset: undefined };
      const next = (old: ListSearch) => ({ ...old, ...first, ...changed });
      void navigate({ to: ".", search: next as never, replace: true });
    },
    [navigate],
  );
  return [search, change];
}
