import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { answered, api, asked } from "@/api/client";
import type { Account } from "@/api/model";
import { type Column, DataTable } from "@/design/data-table";
import { Filters, SearchField } from "@/design/filters";
import { useFormat } from "@/design/format";
import { pageOf, pageSearch, useListSearch } from "@/design/list-search";
import { Page } from "@/design/page";
import { Pill } from "@/design/pill";
import { useWord } from "@/design/word";

const accountsQuery = (search: { q?: string; offset: number; limit: number }) =>
  queryOptions({
    queryKey: ["accounts", search],
    queryFn: ({ signal }) => answered(api.GET("/accounts", { params: { query: asked(search) }, signal })),
  });

export function AccountsPage() {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const [search, change] = useListSearch();
  const page = pageOf(search);
  const query = useQuery({ ...accountsQuery({ q: search.q, ...page }), placeholderData: keepPreviousData });
  const columns = useMemo<Column<Account>[]>(
    () => [
      { key: "name", title: t("accounts.name"), names: true, cell: (row) => row.name },
      { key: "kind", title: t("accounts.kind"), cell: (row) => (row.kind ? word("account_kind", row.kind) : "") },
      { key: "place", title: t("accounts.place"), cell: (row) => [row.city, row.state].filter(Boolean).join(", ") },
      { key: "patients", title: t("accounts.patients"), numeric: true, cell: (row) => format.number(row.patients) },
      {
        key: "active",
        title: t("accounts.state"),
        cell: (row) => (
          <Pill tone={row.active ? "good" : "plain"}>{row.active ? t("accounts.active") : t("accounts.inactive")}</Pill>
        ),
      },
      { key: "source", title: t("accounts.source"), cell: (row) => row.source },
    ],
    [t, format, word],
  );
  return (
    <Page title={t("accounts.title")} description={t("accounts.description")}>
      <Filters>
        <SearchField label={t("accounts.search")} value={search.q} onChange={(q) => change({ q })} />
      </Filters>
      <DataTable
        caption={t("accounts.title")}
        columns={columns}
        rows={query.data?.items}
        rowKey={(row) => row.id}
        total={query.data?.total}
        paging={{ ...page, onChange: (next) => change(pageSearch(next)) }}
        error={query.error}
        onRetry={() => query.refetch()}
        stale={query.isPlaceholderData}
        empty={search.q ? t("state.no_match") : t("accounts.empty")}
      />
    </Page>
  );
}
