// What each plugin is, what it asks for and was granted, and how it does.

import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { answered, api, done } from "@/api/client";
import type { Plugin } from "@/api/model";
import { type Column, DataTable } from "@/design/data-table";
import { useFormat } from "@/design/format";
import { Page } from "@/design/page";
import { StatusPill } from "@/design/pill";
import { useProblemTitle } from "@/design/states";
import { useWord } from "@/design/word";
import { useMay } from "@/shell/session";
import classes from "./plugins.module.css";

const pluginsQuery = queryOptions({
  queryKey: ["plugins"],
  queryFn: ({ signal }) => answered(api.GET("/plugins", { signal })),
});

export function PluginsPage() {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const query = useQuery(pluginsQuery);
  const columns = useMemo<Column<Plugin>[]>(
    () => [
      {
        key: "name",
        title: t("plugins.plugin"),
        names: true,
        cell: (plugin) => (
          <>
            <Link to="/plugins/$name" params={{ name: plugin.name }}>
              {plugin.name}
            </Link>{" "}
            <span className={classes.version}>{plugin.version}</span>
            <span className={classes.description}>{plugin.description}</span>
          </>
        ),
      },
      { key: "kind", title: t("plugins.kind"), cell: (plugin) => word("plugin_kind", plugin.kind) },
      {
        key: "grants",
        title: t("plugins.grants"),
        cell: (plugin) => (plugin.asks.length === 0 ? t("plugins.asks_nothing") : <Asked plugin={plugin} />),
      },
      { key: "calls", title: t("plugins.calls"), numeric: true, cell: (plugin) => format.number(plugin.calls) },
      {
        key: "failures",
        title: t("plugins.failures"),
        numeric: true,
        cell: (plugin) => format.number(plugin.failures),
      },
      { key: "status", title: t("plugins.status"), cell: (plugin) => <PluginState plugin={plugin} /> },
    ],
    [t, format, word],
  );
  return (
    <Page title={t("plugins.title")} description={t("plugins.description")}>
      <DataTable
        caption={t("plugins.title")}
        columns={columns}
        rows={query.data?.items}
        rowKey={(plugin) => plugin.name}
        error={query.error}
        onRetry={() => query.refetch()}
        empty={t("plugins.empty")}
      />
    </Page>
  );
}

export function PluginState({ plugin }: { plugin: Plugin }) {
  const { t } = useTranslation();
  const may = useMay();
  const problemTitle = useProblemTitle();
  const client = useQueryClient();
  const resume = useMutation({
    mutationFn: () => done(api.POST("/plugins/{name}/resume", { params: { path: { name: plugin.name } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["plugins"] }),
    onError: (error) => notifications.show({ color: "red", message: problemTitle(error) }),
  });
  return (
    <span className={classes.state}>
      <StatusPill group="plugin_status" status={plugin.status} />
      {plugin.last_error ? <span className={classes.description}>{plugin.last_error}</span> : null}
      {plugin.status === "parked" && may("manage-sources") ? (
        <Button size="xs" variant="default" loading={resume.isPending} onClick={() => resume.mutate()}>
          {t("plugins.resume")}
        </Button>
      ) : null}
    </span>
  );
}

/** What it asks for: what it may do one by one, what it may see together. */
export function Asked({ plugin }: { plugin: Plugin }) {
  const { t } = useTranslation();
  const word = useWord();
  const isGranted = (asked: string) => plugin.granted.includes(asked);
  const seen = (asked: string) => {
    const [of, what = ""] = asked.split(":");
    return word(of === "facts" ? "fact_kinds" : "patient_field", what).toLowerCase();
  };
  const lines = [true, false].flatMap((granted) => {
    const asks = plugin.asks.filter((asked) => isGranted(asked) === granted);
    const does = asks.filter((asked) => !asked.includes(":")).map((asked) => word("capability", asked));
    const sees = asks.filter((asked) => asked.includes(":")).map(seen);
    const all = sees.length === 0 ? does : [...does, t("plugins.sees", { what: sees.join(", ") })];
    return all.map((line) => (granted ? line : `${line} (${t("plugins.not_granted")})`));
  });
  return (
    <ul className={classes.grants}>
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}
