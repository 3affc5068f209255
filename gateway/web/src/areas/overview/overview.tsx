// The start page: how many people, what is live, what became of the messages, how fresh the sources are.

import { queryOptions, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { answered, api } from "@/api/client";
import type { Overview } from "@/api/model";
import { asProblem } from "@/api/problem";
import { useFormat } from "@/design/format";
import { Page, Section } from "@/design/page";
import { EmptyState, Loaded } from "@/design/states";
import { useMay, useSession } from "@/shell/session";
import { Freshness } from "./freshness";
import { MessageShares } from "./message-shares";
import classes from "./overview.module.css";

const overviewQuery = queryOptions({
  queryKey: ["overview"],
  queryFn: ({ signal }) => answered(api.GET("/overview", { signal })),
});

export function OverviewPage() {
  const { t } = useTranslation();
  const { user } = useSession();
  const query = useQuery(overviewQuery);
  const refused = query.isError && asProblem(query.error).status === 403;
  return (
    <Page title={t("overview.greeting", { name: user.name })} description={t("overview.description")}>
      {refused ? (
        <EmptyState>{t("overview.choose")}</EmptyState>
      ) : (
        <Loaded query={query}>{(data) => <Figures overview={data} />}</Loaded>
      )}
    </Page>
  );
}

/** What the user may not see is not in the answer, and not on the page. */
function Figures({ overview }: { overview: Overview }) {
  const { t } = useTranslation();
  const format = useFormat();
  const may = useMay();
  const figures = [
    { key: "patients", to: "/patients", count: overview.patients, permission: "read-patients" },
    { key: "segments", to: "/segments", count: overview.segments, permission: "read-segments" },
    { key: "journeys", to: "/journeys", count: overview.journeys_live, permission: "read-journeys" },
  ] as const;
  return (
    <>
      <ul className={classes.figures}>
        {figures.map((figure) => {
          if (figure.count === null) {
            return null;
          }
          const words = (
            <>
              <span className={classes.count}>{format.number(figure.count)}</span>
              <span className={classes.noun}>{t(`overview.${figure.key}`, { count: figure.count })}</span>
            </>
          );
          return (
            <li key={figure.key}>
              {may(figure.permission) ? (
                <Link to={figure.to} className={classes.figure}>
                  {words}
                </Link>
              ) : (
                <div className={classes.figure}>{words}</div>
              )}
            </li>
          );
        })}
      </ul>
      <div className={classes.columns}>
        {overview.messages ? (
          <Section title={t("overview.messages")} note={t("overview.messages_note")}>
            <MessageShares counts={overview.messages} linked={may("read-messages")} />
          </Section>
        ) : null}
        {overview.sources ? (
          <Section title={t("overview.sources")} note={t("overview.sources_note")}>
            <Freshness sources={overview.sources} />
          </Section>
        ) : null}
      </div>
    </>
  );
}
