// What could not be read, with the reason, and for who runs the sources the line as it came.

import { Button, Drawer } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { QuarantineRow } from "@/api/model";
import { type Column, DataTable } from "@/design/data-table";
import { useFormat } from "@/design/format";
import { pageOf, pageSearch, useListSearch } from "@/design/list-search";
import { Moment } from "@/design/moment";
import { Document } from "@/design/page";
import { Loaded } from "@/design/states";
import { useMay } from "@/shell/session";
import { QuarantineReasons } from "./quarantine-reasons";
import { quarantinedQuery, quarantineQuery } from "./source";

export function QuarantineTab({ source }: { source: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const may = useMay();
  const mayRead = may("read-patients");
  const [opened, setOpened] = useState<QuarantineRow | null>(null);
  const [search, change] = useListSearch();
  const page = pageOf(search);
  const query = useQuery({ ...quarantineQuery(source, page), placeholderData: keepPreviousData });
  const columns = useMemo<Column<QuarantineRow>[]>(() => {
    const all: (Column<QuarantineRow> | false)[] = [
      { key: "reason", title: t("quarantine.reason"), names: true, cell: (row) => row.reason },
      {
        key: "resource",
        title: t("quarantine.resource"),
        cell: (row) => [row.resource_type, row.fhir_id].filter(Boolean).join("/") || t("quarantine.unreadable"),
      },
      {
        key: "line",
        title: t("quarantine.line"),
        numeric: true,
        cell: (row) => (typeof row.line === "number" ? format.number(row.line) : "–"),
      },
      { key: "at", title: t("quarantine.at"), cell: (row) => <Moment at={row.at} /> },
      mayRead && {
        key: "raw",
        title: t("quarantine.raw"),
        cell: (row) => (
          <Button size="xs" variant="default" onClick={() => setOpened(row)}>
            {t("quarantine.show")}
          </Button>
        ),
      },
    ];
    return all.filter((column) => column !== false);
  }, [t, format, mayRead]);
  return (
    <>
      <QuarantineReasons source={source} />
      <DataTable
        caption={t("sources.quarantine")}
        columns={columns}
        rows={query.data?.items}
        rowKey={(row) => row.id}
        total={query.data?.total}
        paging={{ ...page, onChange: (next) => change(pageSearch(next)) }}
        error={query.error}
        onRetry={() => query.refetch()}
        empty={t("quarantine.empty")}
      />
      <Drawer
        opened={opened !== null}
        onClose={() => setOpened(null)}
        title={t("quarantine.raw")}
        closeButtonProps={{ "aria-label": t("action.close") }}
      >
        {opened ? (
          <>
            <p>{opened.reason}</p>
            <RawLine id={opened.id} />
          </>
        ) : null}
      </Drawer>
    </>
  );
}

function RawLine({ id }: { id: string }) {
  const { t } = useTranslation();
  const query = useQuery(quarantinedQuery(id));
  return <Loaded query={query}>{(row) => <Document value={row.raw} label={t("quarantine.raw")} />}</Loaded>;
}
