import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { JourneyRun } from "@/api/model";
import { type Column, DataTable } from "@/design/data-table";
import { useFormat } from "@/design/format";
import { pageOf, pageSearch, useListSearch } from "@/design/list-search";
import { Moment } from "@/design/moment";
import { StatusPill } from "@/design/pill";
import { useWord } from "@/design/word";
import { runsQuery } from "./journey";

export function PeopleTab({ id }: { id: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const [search, change] = useListSearch();
  const page = pageOf(search);
  const query = useQuery({ ...runsQuery(id, page), placeholderData: keepPreviousData });
  const columns = useMemo<Column<JourneyRun>[]>(
    () => [
      {
        key: "patient",
        title: t("run.person"),
        names: true,
        cell: (run) => (
          <Link to="/patients/$id" params={{ id: run.patient.id }} search={{ tab: "journeys" }}>
            {run.patient.name}
          </Link>
        ),
      },
      { key: "status", title: t("run.status"), cell: (run) => <StatusPill group="run_status" status={run.status} /> },
      { key: "step", title: t("run.step"), cell: (run) => word("step", run.at_step) },
      { key: "reason", title: t("run.reason"), cell: (run) => (run.reason ? word("run_reason", run.reason) : "") },
      { key: "version", title: t("run.version"), numeric: true, cell: (run) => format.number(run.version) },
      { key: "entered", title: t("run.entered"), cell: (run) => <Moment at={run.entered_at} /> },
      { key: "updated", title: t("run.updated"), cell: (run) => <Moment at={run.updated_at} /> },
    ],
    [t, word, format],
  );
  return (
    <DataTable
      caption={t("journey.people")}
      columns={columns}
      rows={query.data?.items}
      rowKey={(run) => run.id}
      total={query.data?.total}
      paging={{ ...page, onChange: (next) => change(pageSearch(next)) }}
      error={query.error}
      onRetry={() => query.refetch()}
      stale={query.isPlaceholderData}
      empty={t("journey.nobody")}
    />
  );
}
