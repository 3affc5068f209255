import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { JourneyRow } from "@/api/model";
import { type Column, DataTable } from "@/design/data-table";
import { useFormat } from "@/design/format";
import { pageOf, pageSearch, useListSearch } from "@/design/list-search";
import { Page } from "@/design/page";
import { Pill, StatusPill } from "@/design/pill";
import { journeysQuery } from "./journey";
import classes from "./journeys.module.css";

export function JourneysPage() {
  const { t } = useTranslation();
  const format = useFormat();
  const [search, change] = useListSearch();
  const page = pageOf(search);
  const query = useQuery({ ...journeysQuery(page), placeholderData: keepPreviousData });
  const columns = useMemo<Column<JourneyRow>[]>(
    () => [
      {
        key: "title",
        title: t("journeys.journey"),
        names: true,
        cell: (row) => (
          <>
            <Link to="/journeys/$id" params={{ id: row.id }}>
              {row.title}
            </Link>
            <span className={classes.description}>{row.description}</span>
          </>
        ),
      },
      {
        key: "status",
        title: t("journeys.status"),
        cell: (row) => <StatusPill group="journey_status" status={row.status} />,
      },
      {
        key: "entry",
        title: t("journeys.entry"),
        cell: (row) =>
          row.entry_segment ? (
            <Link to="/segments/$id" params={{ id: row.entry_segment.id }}>
              {row.entry_segment.title}
            </Link>
          ) : (
            "–"
          ),
      },
      { key: "inside", title: t("journeys.inside"), numeric: true, cell: (row) => format.number(row.inside) },
      { key: "left", title: t("journeys.left"), numeric: true, cell: (row) => format.number(row.left) },
      {
        key: "stuck",
        title: t("journeys.stuck"),
        numeric: true,
        cell: (row) => (row.stuck > 0 ? <Pill tone="bad">{format.number(row.stuck)}</Pill> : format.number(0)),
      },
    ],
    [t, format],
  );
  return (
    <Page title={t("journeys.title")} description={t("journeys.description")}>
      <DataTable
        caption={t("journeys.title")}
        columns={columns}
        rows={query.data?.items}
        rowKey={(row) => row.id}
        total={query.data?.total}
        paging={{ ...page, onChange: (next) => change(pageSearch(next)) }}
        error={query.error}
        onRetry={() => query.refetch()}
        stale={query.isPlaceholderData}
        empty={t("journeys.empty")}
      />
    </Page>
  );
}
