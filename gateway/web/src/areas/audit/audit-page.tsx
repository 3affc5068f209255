import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { answered, api, asked } from "@/api/client";
import type { AuditEntry } from "@/api/model";
import { type Column, DataTable } from "@/design/data-table";
import { Filters, SearchField } from "@/design/filters";
import { pageOf, pageSearch, useListSearch } from "@/design/list-search";
import { Exactly } from "@/design/moment";
import { Page } from "@/design/page";
import { Pill } from "@/design/pill";
import { useWord } from "@/design/word";

const auditQuery = (search: { patient?: string; offset: number; limit: number }) =>
  queryOptions({
    queryKey: ["audit", search],
    queryFn: ({ signal }) => answered(api.GET("/audit", { params: { query: asked(search) }, signal })),
  });

export function AuditPage() {
  const { t } = useTranslation();
  const word = useWord();
  const [search, change] = useListSearch();
  const page = pageOf(search);
  const query = useQuery({ ...auditQuery({ patient: search.q, ...page }), placeholderData: keepPreviousData });
  const columns = useMemo<Column<AuditEntry>[]>(
    () => [
      { key: "at", title: t("audit.at"), names: true, cell: (entry) => <Exactly at={entry.at} /> },
      {
        key: "actor",
        title: t("audit.actor"),
        cell: (entry) => `${entry.actor.name ?? entry.actor.id ?? ""} (${word("actor_kind", entry.actor.kind)})`.trim(),
      },
      { key: "action", title: t("audit.action"), cell: (entry) => word("audit_action", entry.action) },
      { key: "object", title: t("audit.object"), cell: (entry) => <code>{entry.object}</code> },
      {
        key: "patient",
        title: t("audit.patient"),
        cell: (entry) => (entry.patient ? <code>{entry.patient}</code> : ""),
      },
      {
        key: "allowed",
        title: t("audit.verdict"),
        cell: (entry) => (
          <Pill tone={entry.allowed ? "good" : "bad"}>{entry.allowed ? t("audit.allowed") : t("audit.denied")}</Pill>
        ),
      },
      { key: "detail", title: t("audit.detail"), cell: (entry) => entry.detail },
    ],
    [t, word],
  );
  return (
    <Page title={t("audit.title")} description={t("audit.description")}>
      <Filters>
        <SearchField label={t("audit.search")} value={search.q} onChange={(q) => change({ q })} />
      </Filters>
      <DataTable
        caption={t("audit.title")}
        columns={columns}
        rows={query.data?.items}
        rowKey={(entry) => entry.id}
        total={query.data?.total}
        paging={{ ...page, onChange: (next) => change(pageSearch(next)) }}
        error={query.error}
        onRetry={() => query.refetch()}
        stale={query.isPlaceholderData}
        empty={search.q ? t("state.no_match") : t("audit.empty")}
      />
    </Page>
  );
}
