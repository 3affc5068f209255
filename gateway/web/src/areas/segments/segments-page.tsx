import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { SegmentRow } from "@/api/model";
import { type Column, DataTable } from "@/design/data-table";
import { useFormat } from "@/design/format";
import { pageOf, pageSearch, useListSearch } from "@/design/list-search";
import { Moment } from "@/design/moment";
import { Page } from "@/design/page";
import { Pill } from "@/design/pill";
import { segmentsQuery } from "./segment";
import classes from "./segments.module.css";

export function SegmentsPage() {
  const { t } = useTranslation();
  const format = useFormat();
  const [search, change] = useListSearch();
  const page = pageOf(search);
  const query = useQuery({ ...segmentsQuery(page), placeholderData: keepPreviousData });
  const columns = useMemo<Column<SegmentRow>[]>(
    () => [
      {
        key: "title",
        title: t("segments.segment"),
        names: true,
        cell: (row) => (
          <>
            <Link to="/segments/$id" params={{ id: row.id }}>
              {row.title}
            </Link>
            <span className={classes.description}>{row.description}</span>
          </>
        ),
      },
      { key: "members", title: t("segments.members"), numeric: true, cell: (row) => format.number(row.members) },
      { key: "state", title: t("segments.state"), cell: (row) => <SegmentState active={row.active} /> },
      { key: "changed", title: t("segments.changed"), cell: (row) => <Moment at={row.changed_at} /> },
      { key: "plugin", title: t("segments.plugin"), cell: (row) => row.plugin },
    ],
    [t, format],
  );
  return (
    <Page title={t("segments.title")} description={t("segments.description")}>
      <DataTable
        caption={t("segments.title")}
        columns={columns}
        rows={query.data?.items}
        rowKey={(row) => row.id}
        total={query.data?.total}
        paging={{ ...page, onChange: (next) => change(pageSearch(next)) }}
        error={query.error}
        onRetry={() => query.refetch()}
        stale={query.isPlaceholderData}
        empty={t("segments.empty")}
      />
    </Page>
  );
}

export function SegmentState({ active }: { active: boolean }) {
  const { t } = useTranslation();
  return <Pill tone={active ? "good" : "plain"}>{active ? t("segments.active") : t("segments.inactive")}</Pill>;
}
