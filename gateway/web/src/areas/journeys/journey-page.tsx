import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { JourneyRecord } from "@/api/model";
import { useFormat } from "@/design/format";
import { useListSearch } from "@/design/list-search";
import { Document, Page, PageTabs } from "@/design/page";
import { StatusPill } from "@/design/pill";
import { Loaded } from "@/design/states";
import { useMay } from "@/shell/session";
import { MessagesTable } from "../messages/messages-table";
import { FlowTab } from "./flow-tab";
import { journeyQuery } from "./journey";
import { JourneyCommands } from "./journey-commands";
import classes from "./journeys.module.css";
import { PeopleTab } from "./people-tab";

export function JourneyPage() {
  const { id } = useParams({ from: "/journeys/$id" });
  const query = useQuery(journeyQuery(id));
  return <Loaded query={query}>{(journey) => <Record journey={journey} />}</Loaded>;
}

function Record({ journey }: { journey: JourneyRecord }) {
  const { t } = useTranslation();
  const format = useFormat();
  const may = useMay();
  const [search, change] = useListSearch();
  const tabs = [
    { key: "flow", title: t("journey.flow"), render: () => <FlowTab journey={journey} /> },
    may("read-patients") && {
      key: "people",
      title: `${t("journey.people")} · ${format.number(journey.inside + journey.left + journey.stuck)}`,
      render: () => <PeopleTab id={journey.id} />,
    },
    may("read-messages") && {
      key: "messages",
      title: t("messages.title"),
      render: () => <MessagesTable journey={journey.id} empty={t("journey.no_messages")} />,
    },
    {
      key: "definition",
      title: t("journey.definition"),
      render: () => <Document value={journey.definition} label={t("journey.definition")} />,
    },
  ];
  return (
    <Page
      title={journey.title}
      parent={{ to: "/journeys", title: t("journeys.title") }}
      badges={<StatusPill group="journey_status" status={journey.status} />}
      description={
        <>
          <p className={classes.lead}>{journey.description}</p>
          <p className={classes.lead}>
            {journey.entry_segment ? (
              <>
                {t("journey.entered_by")}{" "}
                <Link to="/segments/$id" params={{ id: journey.entry_segment.id }}>
                  {journey.entry_segment.title}
                </Link>
                {" · "}
              </>
            ) : null}
            {t("journey.version", { version: journey.version })}
          </p>
        </>
      }
      actions={may("manage-journeys") ? <JourneyCommands journey={journey} /> : null}
    >
      <PageTabs
        label={journey.title}
        tabs={tabs.filter((tab) => tab !== false)}
        value={search.tab}
        onChange={(tab) => change({ tab, offset: undefined, message: undefined })}
      />
    </Page>
  );
}
