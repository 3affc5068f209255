// What a plugin did since the start: its calls, how they ended, where the time went, and the last ones without an answer.

import { Button } from "@mantine/core";
import { type ReactNode, useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { CallError, FunctionFigures, PluginRecord } from "@/api/model";
import { type Column, DataTable } from "@/design/data-table";
import { useFormat } from "@/design/format";
import { Exactly } from "@/design/moment";
import { FactSheet, Section } from "@/design/page";
import { StatusPill } from "@/design/pill";
import { EmptyState } from "@/design/states";
import { useWord } from "@/design/word";
import classes from "./plugins.module.css";
import { type Share, Shares } from "./shares";

type Figures = PluginRecord["total"];

export const outcomes = [
  ["answered", "answered"],
  ["said", "said"],
  ["stopped", "stopped"],
  ["nonsense", "nonsense"],
  ["timed_out", "timed-out"],
] as const;

export function FiguresTab({ plugin, onOpen }: { plugin: PluginRecord; onOpen: (number: number) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { total } = plugin;
  if (total.calls === 0) {
    return <EmptyState>{t("plugin.did_nothing")}</EmptyState>;
  }
  const ended: Share[] = outcomes.map(([field, outcome]) => ({
    key: outcome,
    size: total[field],
    label: <StatusPill group="call_outcome" status={outcome} />,
    value: format.number(total[field]),
  }));
  const spent: Share[] = (["computing", "waiting", "queueing"] as const).map((kind) => ({
    key: kind,
    size: total[`${kind}_seconds`],
    label: t(`plugin.${kind}`),
    value: format.time(total[`${kind}_seconds`]),
  }));
  return (
    <>
      <Headline total={total} />
      <div className={classes.columns}>
        <Section title={t("plugin.ended")} note={t("plugin.since", { date: format.moment(plugin.since) })}>
          <Shares shares={ended.filter((share) => share.size > 0)} />
        </Section>
        <Section title={t("plugin.spent")} note={t("plugin.spent_note")}>
          <Shares shares={spent} />
        </Section>
      </div>
      <Section title={t("plugin.by_function")}>
        <Functions functions={plugin.functions} />
      </Section>
      <Section title={t("plugin.asked_of_host")} note={t("plugin.asked_of_host_note")}>
        <FactSheet
          facts={[
            [t("plugin.host_calls"), format.number(total.host_calls)],
            [t("plugin.lookups"), format.number(total.lookups)],
            [t("plugin.mails"), format.number(total.mails)],
            [t("plugin.log_lines"), format.number(total.log_lines)],
            [t("plugin.http_requests"), format.number(total.http.requests)],
            [t("plugin.http_sent"), format.bytes(total.http.sent_bytes)],
            [t("plugin.http_received"), format.bytes(total.http.received_bytes)],
          ]}
        />
      </Section>
      <Section title={t("plugin.errors")} note={t("plugin.errors_note")}>
        <Errors errors={plugin.errors} onOpen={onOpen} />
      </Section>
    </>
  );
}

function Headline({ total }: { total: Figures }) {
  const { t } = useTranslation();
  const format = useFormat();
  const figures: [key: string, value: ReactNode][] = [
    ["count", format.number(total.calls)],
    ["without", format.number(total.calls - total.answered)],
    ["mean", format.time(total.time_seconds / total.calls)],
    ["longest", format.time(total.longest_seconds)],
    ["memory", format.bytes(total.most_memory_bytes)],
  ];
  return (
    <ul className={classes.figures}>
      {figures.map(([key, value]) => (
        <li key={key} data-bad={(key === "without" && total.calls > total.answered) || undefined}>
          <span className={classes.count}>{value}</span>
          <span className={classes.noun}>{t(`plugin.figure_${key}` as never)}</span>
        </li>
      ))}
    </ul>
  );
}

function Functions({ functions }: { functions: FunctionFigures[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const columns = useMemo<Column<FunctionFigures>[]>(() => {
    const numbers: [key: string, value: (figures: Figures) => string][] = [
      ["calls", (figures) => format.number(figures.calls)],
      ["without", (figures) => format.number(figures.calls - figures.answered)],
      ["mean", (figures) => format.time(figures.time_seconds / figures.calls)],
      ["longest", (figures) => format.time(figures.longest_seconds)],
      ["computing", (figures) => format.time(figures.computing_seconds)],
      ["waiting", (figures) => format.time(figures.waiting_seconds)],
      ["fuel", (figures) => format.compact(figures.fuel)],
      ["memory", (figures) => format.bytes(figures.most_memory_bytes)],
    ];
    return [
      {
        key: "function",
        title: t("plugin.function"),
        names: true,
        cell: ({ function: called }) => word("plugin_function", called),
      },
      ...numbers.map(([key, value]) => ({
        key,
        title: t(`plugin.column_${key}` as never),
        numeric: true,
        tight: true,
        cell: ({ figures }: FunctionFigures) => value(figures),
      })),
    ];
  }, [t, format, word]);
  return (
    <DataTable
      caption={t("plugin.by_function")}
      columns={columns}
      rows={functions}
      rowKey={(row) => row.function}
      empty={t("plugin.did_nothing")}
    />
  );
}

function Errors({ errors, onOpen }: { errors: CallError[]; onOpen: (number: number) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const columns = useMemo<Column<CallError>[]>(
    () => [
      { key: "at", title: t("plugin.at"), names: true, cell: (error) => <Exactly at={error.at} /> },
      { key: "function", title: t("plugin.function"), cell: (error) => word("plugin_function", error.function) },
      {
        key: "outcome",
        title: t("plugin.outcome"),
        cell: (error) => <StatusPill group="call_outcome" status={error.outcome} />,
      },
      { key: "reason", title: t("plugin.reason"), cell: (error) => error.reason },
      {
        key: "trace",
        title: t("plugin.trace"),
        cell: (error) => (
          <Button
            size="xs"
            variant="default"
            aria-label={t("plugin.open_call", { number: format.number(error.number) })}
            onClick={() => onOpen(error.number)}
          >
            {t("plugin.open")}
          </Button>
        ),
      },
    ],
    [t, format, word, onOpen],
  );
  return (
    <DataTable
      caption={t("plugin.errors")}
      columns={columns}
      rows={errors}
      rowKey={(error) => String(error.number)}
      empty={t("plugin.no_errors")}
    />
  );
}
