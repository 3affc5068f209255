// The person at a glance: what happened, newest first, and what the record says of them.

import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { PatientRecord } from "@/api/model";
import { useFormat } from "@/design/format";
import { Exactly } from "@/design/moment";
import { FactSheet, Section } from "@/design/page";
import { Loaded } from "@/design/states";
import { useWord } from "@/design/word";
import { timelineQuery } from "./patient";
import classes from "./patients.module.css";
import { Timeline } from "./timeline";

export function SummaryTab({ patient }: { patient: PatientRecord }) {
  const { t } = useTranslation();
  const timeline = useQuery(timelineQuery(patient.id));
  return (
    <div className={classes.summary}>
      <Section title={t("patient.timeline")}>
        <Loaded query={timeline} lines={8}>
          {({ items }) => <Timeline items={items} />}
        </Loaded>
      </Section>
      <div>
        <ContactPoints patient={patient} />
        <CareTeams patient={patient} />
        <About patient={patient} />
        {patient.data_quality.length > 0 ? (
          <Section title={t("patient.data_quality")}>
            <ul className={classes.plainList}>
              {patient.data_quality.map((finding) => (
                <li key={finding}>{finding}</li>
              ))}
            </ul>
          </Section>
        ) : null}
      </div>
    </div>
  );
}

function ContactPoints({ patient }: { patient: PatientRecord }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  return (
    <Section title={t("patient.contact_points")}>
      {patient.contact_points.length === 0 ? <p className={classes.quiet}>{t("patient.no_contact_points")}</p> : null}
      <ul className={classes.plainList}>
        {patient.contact_points.map((point) => (
          <li key={`${point.kind} ${point.value}`} data-past={point.used_for === "old" || undefined}>
            <span className={classes.strong}>{point.value}</span>
            <span className={classes.quiet}>
              {word("medium", point.kind)} · {word("contact_use", point.used_for)}
              {point.until ? ` · ${t("patient.until", { date: format.date(point.until) })}` : ""}
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function CareTeams({ patient }: { patient: PatientRecord }) {
  const { t } = useTranslation();
  const doctors = patient.general_practitioners;
  if (patient.care_teams.length === 0 && doctors.length === 0) {
    return null;
  }
  return (
    <Section title={t("patient.care_team")}>
      <ul className={classes.plainList}>
        {doctors.map((name) => (
          <li key={name}>
            <span className={classes.strong}>{name}</span>
            <span className={classes.quiet}>{t("patient.general_practitioner")}</span>
          </li>
        ))}
        {patient.care_teams.map((team) => (
          <li key={team.name}>
            <span className={classes.strong}>
              {team.name}
              {team.active ? "" : ` (${t("patient.past_team")})`}
            </span>
            {team.members.map((member) => (
              <span key={`${member.name} ${member.role ?? ""}`} className={classes.quiet}>
                {member.name}
                {member.role ? `, ${member.role}` : ""}
              </span>
            ))}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function About({ patient }: { patient: PatientRecord }) {
  const { t } = useTranslation();
  const { address } = patient;
  const place = address
    ? [...address.lines, [address.city, address.state, address.postal_code].filter(Boolean).join(", ")].filter(Boolean)
    : [];
  return (
    <Section title={t("patient.record")}>
      <FactSheet
        facts={[
          [t("patient.address"), place.length > 0 ? place.join(", ") : null],
          [t("patient.time_zone"), patient.time_zone?.replaceAll("_", " ")],
          [t("patient.account"), patient.managing_account?.name],
          [t("patient.source"), `${patient.source} · Patient/${patient.fhir_id}`],
          [t("patient.identifiers"), patient.identifiers.map((identifier) => identifier.value).join(", ")],
          [t("patient.updated"), <Exactly key="updated" at={patient.updated_at} />],
        ]}
      />
    </Section>
  );
}
