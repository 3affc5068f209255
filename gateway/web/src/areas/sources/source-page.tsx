import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Source } from "@/api/model";
import { useFormat } from "@/design/format";
import { useListSearch } from "@/design/list-search";
import { Exactly, Moment } from "@/design/moment";
import { FactSheet, Page, PageTabs, Section } from "@/design/page";
import { StatusPill } from "@/design/pill";
import { EmptyState, Loaded } from "@/design/states";
import { QuarantineTab } from "./quarantine-tab";
import { RunsTab } from "./runs-tab";
import { sourcesQuery } from "./source";
import classes from "./sources.module.css";
import { SyncNow } from "./sync-now";
import { WriteBacksTab } from "./write-backs-tab";

export function SourcePage() {
  const { t } = useTranslation();
  const { id } = useParams({ from: "/sources/$id" });
  const query = useQuery(sourcesQuery);
  return (
    <Loaded query={query}>
      {({ items }) => {
        const source = items.find((each) => each.id === id);
        return source ? <Record source={source} /> : <EmptyState>{t("problem.not_found")}</EmptyState>;
      }}
    </Loaded>
  );
}

function Record({ source }: { source: Source }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [search, change] = useListSearch();
  return (
    <Page
      title={source.name}
      parent={{ to: "/sources", title: t("sources.title") }}
      badges={source.last_run ? <StatusPill group="sync_status" status={source.last_run.status} /> : null}
      description={<span className={classes.wrap}>{source.base_url || t("sources.files_only")}</span>}
      actions={<SyncNow source={source} />}
    >
      <PageTabs
        label={source.name}
        tabs={[
          { key: "state", title: t("sources.state"), render: () => <StateTab source={source} /> },
          { key: "runs", title: t("sources.runs"), render: () => <RunsTab id={source.id} /> },
          {
            key: "quarantine",
            title: `${t("sources.quarantine")} · ${format.number(source.quarantined)}`,
            render: () => <QuarantineTab source={source.id} />,
          },
          { key: "write-backs", title: t("write_back.title"), render: () => <WriteBacksTab source={source.id} /> },
        ]}
        value={search.tab}
        onChange={(tab) => change({ tab, offset: undefined, status: undefined })}
      />
    </Page>
  );
}

function StateTab({ source }: { source: Source }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <>
      <Section title={t("sources.freshness")}>
        <FactSheet
          facts={[
            [
              t("sources.last_sync"),
              source.synced_at ? <Moment key="synced" at={source.synced_at} /> : t("sources.never"),
            ],
            [t("sources.complete_until"), <Exactly key="complete" at={source.complete_until} />],
            [t("sources.note"), source.last_run?.note],
          ]}
        />
      </Section>
      <Section title={t("sources.resources")}>
        {source.resources.length === 0 ? <EmptyState>{t("sources.no_resources")}</EmptyState> : null}
        <ul className={classes.counts}>
          {source.resources.map((each) => (
            <li key={each.type}>
              <span className={classes.count}>{format.number(each.count)}</span>
              <span className={classes.type}>{each.type}</span>
            </li>
          ))}
        </ul>
      </Section>
    </>
  );
}
