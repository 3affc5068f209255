import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { SyncRun } from "@/api/model";
import { type Column, DataTable } from "@/design/data-table";
import { useFormat } from "@/design/format";
import { pageOf, pageSearch, useListSearch } from "@/design/list-search";
import { Exactly } from "@/design/moment";
import { StatusPill } from "@/design/pill";
import { useWord } from "@/design/word";
import { syncRunsQuery } from "./source";

const counted = ["read", "applied", "unchanged", "deleted", "quarantined"] as const;

export function RunsTab({ id }: { id: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const [search, change] = useListSearch();
  const page = pageOf(search);
  const query = useQuery({ ...syncRunsQuery(id, page), placeholderData: keepPreviousData });
  const columns = useMemo<Column<SyncRun>[]>(
    () => [
      { key: "started", title: t("sync.started"), names: true, cell: (run) => <Exactly at={run.started_at} /> },
      { key: "status", title: t("sync.status"), cell: (run) => <StatusPill group="sync_status" status={run.status} /> },
      { key: "strategy", title: t("sync.strategy"), cell: (run) => word("sync_strategy", run.strategy) },
      ...counted.map((count) => ({
        key: count,
        title: t(`sync.${count}`),
        numeric: true,
        cell: (run: SyncRun) => format.number(run.counts[count]),
      })),
      {
        key: "took",
        title: t("sync.took"),
        cell: (run) =>
          run.ended_at ? format.duration((Date.parse(run.ended_at) - Date.parse(run.started_at)) / 1000) : "–",
      },
      { key: "note", title: t("sync.note"), cell: (run) => run.note ?? "" },
    ],
    [t, format, word],
  );
  return (
    <DataTable
      caption={t("sources.runs")}
      columns={columns}
      rows={query.data?.items}
      rowKey={(run) => run.id}
      total={query.data?.total}
      paging={{ ...page, onChange: (next) => change(pageSearch(next)) }}
      error={query.error}
      onRetry={() => query.refetch()}
      empty={t("sources.no_runs")}
    />
  );
}
