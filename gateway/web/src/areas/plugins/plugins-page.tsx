// What each plugin is, what it asks for and was granted, and how it does.

import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
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
            {plugin.name} <span className={classes.version}>{plugin.version}</span>
            <span className={classes.description}>{plugin.description}</span>
          </>
        ),
      },
      { key: "kind", title: t("plugins.kind"), cell: (plugin) => word("plugin_kind", plugin.kind) },
      {
        key: "grants",
        title: t("plugins.grants"),
        cell: (plugin) =>
          plugin.asks.length === 0 ? (
            t("plugins.asks_nothing")
          ) : (
            <ul className={classes.grants}>
              {plugin.asks.map((asked) => (
                <li key={asked}>
                  {word("capability", asked)}
                  {plugin.granted.includes(asked) ? "" : ` (${t("plugins.not_granted")})`}
                </li>
              ))}
            </ul>
          ),
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

function PluginState({ plugin }: { plugin: Plugin }) {
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
