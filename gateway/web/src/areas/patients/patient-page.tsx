import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { PatientRecord } from "@/api/model";
import { useFormat } from "@/design/format";
import { useListSearch } from "@/design/list-search";
import { Page, type PageTab, PageTabs } from "@/design/page";
import { Pill, StatusPill } from "@/design/pill";
import { Loaded } from "@/design/states";
import { useWord } from "@/design/word";
import { useMay } from "@/shell/session";
import { MessagesTable } from "../messages/messages-table";
import { ClinicalTab } from "./clinical-tab";
import { ConsentTab } from "./consent-tab";
import { ContactabilityBadge } from "./contactability-badge";
import { JourneysTab } from "./journeys-tab";
import { patientQuery } from "./patient";
import classes from "./patients.module.css";
import { RecordsTab } from "./records-tab";
import { SegmentsTab } from "./segments-tab";
import { SummaryTab } from "./summary-tab";
import { TasksTab } from "./tasks-tab";

export function PatientPage() {
  const { id } = useParams({ from: "/patients/$id" });
  const query = useQuery(patientQuery(id));
  return <Loaded query={query}>{(patient) => <Record patient={patient} />}</Loaded>;
}

function Record({ patient }: { patient: PatientRecord }) {
  const { t } = useTranslation();
  const may = useMay();
  const [search, change] = useListSearch();
  const tabs: (PageTab | false)[] = [
    { key: "summary", title: t("patient.summary"), render: () => <SummaryTab patient={patient} /> },
    { key: "clinical", title: t("patient.clinical"), render: () => <ClinicalTab id={patient.id} /> },
    may("read-segments") && {
      key: "segments",
      title: t("segments.title"),
      render: () => <SegmentsTab id={patient.id} />,
    },
    may("read-journeys") && {
      key: "journeys",
      title: t("journeys.title"),
      render: () => <JourneysTab id={patient.id} />,
    },
    may("read-messages") && {
      key: "messages",
      title: t("messages.title"),
      render: () => <MessagesTable patient={patient.id} empty={t("patient.no_messages")} />,
    },
    may("read-tasks") && {
      key: "tasks",
      title: t("tasks.title"),
      render: () => <TasksTab id={patient.id} />,
    },
    { key: "consent", title: t("patient.consent"), render: () => <ConsentTab id={patient.id} /> },
    { key: "records", title: t("identity.tab"), render: () => <RecordsTab id={patient.id} /> },
  ];
  return (
    <Page
      title={patient.name}
      parent={{ to: "/patients", title: t("patients.title") }}
      badges={<RecordPills patient={patient} />}
      description={<HeaderFacts patient={patient} />}
    >
      <PageTabs
        label={patient.name}
        tabs={tabs.filter((tab) => tab !== false)}
        value={search.tab}
        onChange={(tab) => change({ tab, message: undefined, offset: undefined })}
      />
    </Page>
  );
}

function RecordPills({ patient }: { patient: PatientRecord }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { state, at } = patient.deceased;
  return (
    <>
      {patient.status === "active" ? null : <StatusPill group="record_status" status={patient.status} />}
      {state === "no" ? null : (
        <Pill tone="plain">
          {state === "yes" ? t("patient.deceased") : t("patient.deceased_unclear")}
          {at ? ` · ${format.date(at)}` : ""}
        </Pill>
      )}
    </>
  );
}

function HeaderFacts({ patient }: { patient: PatientRecord }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const active = patient.care_teams.find((team) => team.active);
  return (
    <>
      <ul className={classes.headerFacts}>
        {typeof patient.age === "number" ? <li>{t("patient.years", { count: patient.age })}</li> : null}
        <li>{word("sex", patient.sex)}</li>
        <li>{t("patient.born", { date: format.date(patient.birth_date) })}</li>
        <li>{patient.language ? format.language(patient.language) : t("patient.language_unknown")}</li>
        {active ? <li>{t("patient.care_team_of", { name: active.name })}</li> : null}
      </ul>
      <ContactabilityBadge contactability={patient.contactability} reasons />
      {patient.replaced_by ? (
        <p className={classes.replaced}>
          <Link to="/patients/$id" params={{ id: patient.replaced_by }}>
            {t("patient.replaced_by")}
          </Link>
        </p>
      ) : null}
    </>
  );
}
