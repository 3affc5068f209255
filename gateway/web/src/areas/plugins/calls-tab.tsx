// The last calls of a plugin. Each opens its trace.

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { PluginCall } from "@/api/model";
import { type Column, DataTable } from "@/design/data-table";
import { useFormat } from "@/design/format";
import { Exactly } from "@/design/moment";
import { StatusPill } from "@/design/pill";
import { useWord } from "@/design/word";
import { pluginCallsQuery } from "./plugin";
import classes from "./plugins.module.css";

export function CallsTab({ name, onOpen }: { name: string; onOpen: (number: number) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const query = useQuery(pluginCallsQuery(name));
  const columns = useMemo<Column<PluginCall>[]>(
    () => [
      {
        key: "number",
        title: t("plugin.call"),
        names: true,
        cell: (call) => (
          <button type="button" className={classes.open} onClick={() => onOpen(call.number)}>
            {word("plugin_function", call.function)} {format.number(call.number)}
          </button>
        ),
      },
      { key: "at", title: t("plugin.at"), cell: (call) => <Exactly at={call.at} /> },
      {
        key: "outcome",
        title: t("plugin.outcome"),
        cell: (call) => <StatusPill group="call_outcome" status={call.outcome} />,
      },
      { key: "given", title: t("plugin.given"), cell: (call) => format.list(call.inputs.map(given(format.number))) },
      {
        key: "time",
        title: t("plugin.time"),
        numeric: true,
        tight: true,
        cell: (call) => format.time(call.time_seconds),
      },
      {
        key: "memory",
        title: t("plugin.memory"),
        numeric: true,
        tight: true,
        cell: (call) => format.bytes(call.memory_bytes),
      },
    ],
    [t, format, word, onOpen],
  );
  return (
    <>
      <p className={classes.note}>{t("plugin.calls_note")}</p>
      <DataTable
        caption={t("plugin.calls")}
        columns={columns}
        rows={query.data?.items}
        rowKey={(call) => String(call.number)}
        error={query.error}
        onRetry={() => query.refetch()}
        empty={t("plugin.did_nothing")}
      />
    </>
  );
}

const given = (number: (value: number) => string) => (input: PluginCall["inputs"][number]) =>
  input.count === null ? input.name : `${number(input.count)} ${input.name}`;
