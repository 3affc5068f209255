import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Source } from "@/api/model";
import { type Column, DataTable } from "@/design/data-table";
import { useFormat } from "@/design/format";
import { Moment } from "@/design/moment";
import { Page } from "@/design/page";
import { Pill, StatusPill } from "@/design/pill";
import { sourcesQuery } from "./source";
import classes from "./sources.module.css";
import { SyncNow } from "./sync-now";

export function SourcesPage() {
  const { t } = useTranslation();
  const format = useFormat();
  const query = useQuery(sourcesQuery);
  const columns = useMemo<Column<Source>[]>(
    () => [
      {
        key: "name",
        title: t("sources.source"),
        names: true,
        cell: (source) => (
          <>
            <Link to="/sources/$id" params={{ id: source.id }}>
              {source.name}
            </Link>
            <span className={classes.url}>{source.base_url || t("sources.files_only")}</span>
          </>
        ),
      },
      {
        key: "synced",
        title: t("sources.last_sync"),
        cell: (source) => (source.synced_at ? <Moment at={source.synced_at} /> : t("sources.never")),
      },
      {
        key: "run",
        title: t("sources.last_run"),
        cell: (source) => (source.last_run ? <StatusPill group="sync_status" status={source.last_run.status} /> : "–"),
      },
      {
        key: "resources",
        title: t("sources.resources"),
        numeric: true,
        cell: (source) => format.number(source.resources.reduce((sum, each) => sum + each.count, 0)),
      },
      {
        key: "quarantined",
        title: t("sources.quarantined"),
        numeric: true,
        cell: (source) =>
          source.quarantined > 0 ? <Pill tone="notice">{format.number(source.quarantined)}</Pill> : format.number(0),
      },
      { key: "sync", title: t("sources.action"), cell: (source) => <SyncNow source={source} size="xs" /> },
    ],
    [t, format],
  );
  return (
    <Page title={t("sources.title")} description={t("sources.description")}>
      <DataTable
        caption={t("sources.title")}
        columns={columns}
        rows={query.data?.items}
        rowKey={(source) => source.id}
        error={query.error}
        onRetry={() => query.refetch()}
        empty={t("sources.empty")}
      />
    </Page>
  );
}
