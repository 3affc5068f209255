// One plugin: what it did, its last calls, and what it may.

import { Button } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useIsFetching, useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { PluginRecord } from "@/api/model";
import { useListSearch } from "@/design/list-search";
import { FactSheet, Page, PageTabs } from "@/design/page";
import { StatusPill } from "@/design/pill";
import { Loaded } from "@/design/states";
import { useWord } from "@/design/word";
import { CallDrawer } from "./call-drawer";
import { CallsTab } from "./calls-tab";
import { FiguresTab } from "./figures-tab";
import { pluginQuery } from "./plugin";
import classes from "./plugins.module.css";
import { Asked, PluginState } from "./plugins-page";

export function PluginPage() {
  const { name } = useParams({ from: "/plugins/$name" });
  const query = useQuery(pluginQuery(name));
  return <Loaded query={query}>{(plugin) => <Record plugin={plugin} />}</Loaded>;
}

function Record({ plugin }: { plugin: PluginRecord }) {
  const { t } = useTranslation();
  const [search, change] = useListSearch();
  const open = (number: number) => change({ call: String(number) });
  return (
    <Page
      title={plugin.name}
      parent={{ to: "/plugins", title: t("plugins.title") }}
      badges={
        <>
          <span className={classes.version}>{plugin.version}</span>
          <StatusPill group="plugin_status" status={plugin.status} />
        </>
      }
      description={plugin.description}
      actions={<LookAgain name={plugin.name} />}
    >
      <PageTabs
        label={plugin.name}
        tabs={[
          { key: "did", title: t("plugin.did"), render: () => <FiguresTab plugin={plugin} onOpen={open} /> },
          { key: "calls", title: t("plugin.calls"), render: () => <CallsTab name={plugin.name} onOpen={open} /> },
          { key: "may", title: t("plugin.may"), render: () => <MayTab plugin={plugin} /> },
        ]}
        value={search.tab}
        onChange={(tab) => change({ tab })}
      />
      <CallDrawer name={plugin.name} number={search.call} onClose={() => change({ call: undefined })} />
    </Page>
  );
}

/** Nothing is asked again by itself, so that an open page does not keep a session alive for ever. */
function LookAgain({ name }: { name: string }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const asking = useIsFetching({ queryKey: ["plugins", name] }) > 0;
  return (
    <Button
      variant="default"
      leftSection={<IconRefresh size={16} aria-hidden />}
      loading={asking}
      onClick={() => client.invalidateQueries({ queryKey: ["plugins", name] })}
    >
      {t("plugin.look_again")}
    </Button>
  );
}

function MayTab({ plugin }: { plugin: PluginRecord }) {
  const { t } = useTranslation();
  const word = useWord();
  return (
    <FactSheet
      facts={[
        [t("plugins.status"), <PluginState key="status" plugin={plugin} />],
        [t("plugins.kind"), word("plugin_kind", plugin.kind)],
        [
          t("plugins.grants"),
          plugin.asks.length === 0 ? t("plugins.asks_nothing") : <Asked key="asks" plugin={plugin} />,
        ],
        [t("plugin.digest"), <code key="digest">{plugin.digest}</code>],
      ]}
    />
  );
}
