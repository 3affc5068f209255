// What is written back to a source: what waits, what was given up and why, and for who runs the sources another try.

import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { WriteBack } from "@/api/model";
import { asProblem } from "@/api/problem";
import { type Column, DataTable } from "@/design/data-table";
import { Filters, StatusFilter } from "@/design/filters";
import { useFormat } from "@/design/format";
import { pageOf, pageSearch, useListSearch } from "@/design/list-search";
import { Moment } from "@/design/moment";
import { StatusPill } from "@/design/pill";
import { useProblemTitle } from "@/design/states";
import { useWord } from "@/design/word";
import { useMay } from "@/shell/session";
import { useRetryWriteBacks, writeBacksQuery } from "./source";
import classes from "./sources.module.css";

const statuses = ["waiting", "failed", "done"];

export function WriteBacksTab({ source }: { source: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const may = useMay();
  const mayManage = may("manage-sources");
  const [search, change] = useListSearch();
  const page = pageOf(search);
  const query = useQuery({
    ...writeBacksQuery({ source, status: search.status, ...page }),
    placeholderData: keepPreviousData,
  });
  const columns = useMemo<Column<WriteBack>[]>(() => {
    const all: (Column<WriteBack> | false)[] = [
      {
        key: "record",
        title: t("write_back.record"),
        names: true,
        cell: (row) => (row.remote_id ? `${resource(row.kind)}/${row.remote_id}` : resource(row.kind)),
      },
      {
        key: "status",
        title: t("write_back.status"),
        cell: (row) => <StatusPill group="write_back_status" status={row.status} />,
      },
      { key: "reason", title: t("write_back.reason"), cell: (row) => row.reason ?? "–" },
      { key: "object", title: t("write_back.object"), cell: (row) => word("write_back_kind", row.kind) },
      { key: "tries", title: t("write_back.tries"), numeric: true, cell: (row) => format.number(row.tries) },
      { key: "next", title: t("write_back.next_try"), cell: (row) => <Moment at={row.next_try_at} /> },
      { key: "at", title: t("write_back.updated"), cell: (row) => <Moment at={row.updated_at} /> },
      mayManage && {
        key: "retry",
        title: t("write_back.action"),
        cell: (row) => (row.status === "failed" ? <Retry source={source} object={row.object} /> : null),
      },
    ];
    return all.filter((column) => column !== false);
  }, [t, format, word, mayManage, source]);
  return (
    <>
      <div className={classes.bar}>
        <Filters>
          <StatusFilter
            label={t("write_back.status")}
            group="write_back_status"
            statuses={statuses}
            value={search.status}
            onChange={(status) => change({ status })}
          />
        </Filters>
        {mayManage ? <Retry source={source} object={null} /> : null}
      </div>
      <DataTable
        caption={t("write_back.title")}
        columns={columns}
        rows={query.data?.items}
        rowKey={(row) => row.object}
        total={query.data?.total}
        paging={{ ...page, onChange: (next) => change(pageSearch(next)) }}
        error={query.error}
        onRetry={() => query.refetch()}
        stale={query.isPlaceholderData}
        empty={search.status ? t("state.no_match") : t("write_back.empty")}
      />
    </>
  );
}

/** The FHIR type a kind becomes. */
function resource(kind: string): string {
  return kind.charAt(0).toUpperCase() + kind.slice(1);
}

/** Tries one again, or all of the source that were given up. */
function Retry({ source, object }: { source: string; object: string | null }) {
  const { t } = useTranslation();
  const problemTitle = useProblemTitle();
  const retry = useRetryWriteBacks(source);
  const words = object ? t("write_back.retry") : t("write_back.retry_all");
  return (
    <Button
      size="xs"
      variant="default"
      aria-label={object ? `${words}: ${object}` : undefined}
      loading={retry.isPending}
      onClick={() =>
        retry.mutate(object, {
          onSuccess: ({ count }) => notifications.show({ message: t("write_back.retried", { count }) }),
          onError: (error) => {
            if (asProblem(error).status !== 401) {
              notifications.show({ color: "red", title: problemTitle(error), message: asProblem(error).detail ?? "" });
            }
          },
        })
      }
    >
      {words}
    </Button>
  );
}
