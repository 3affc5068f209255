// All records of the person: which is written to, why they are one, where each field is from, and a way to part them.

import { Alert, Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { GoldenField, Person, PersonRecord } from "@/api/model";
import { type Column, DataTable } from "@/design/data-table";
import { useFormat } from "@/design/format";
import { Exactly } from "@/design/moment";
import { Section } from "@/design/page";
import { Pill, StatusPill } from "@/design/pill";
import { Loaded } from "@/design/states";
import { useWord } from "@/design/word";
import { useMay } from "@/shell/session";
import { type Deciding, DecisionForm } from "../identity/decision-form";
import { DecisionsList } from "../identity/decisions-list";
import { personQuery } from "../identity/identity";
import classes from "../identity/identity.module.css";
import { QuestionCard } from "../identity/question-card";

export function RecordsTab({ id }: { id: string }) {
  const query = useQuery(personQuery(id));
  return (
    <Loaded query={query} lines={8}>
      {(person) => <PersonRecords id={id} person={person} />}
    </Loaded>
  );
}

function PersonRecords({ id, person }: { id: string; person: Person }) {
  const { t } = useTranslation();
  const [deciding, setDeciding] = useState<Deciding | null>(null);
  return (
    <>
      {person.trouble ? (
        <Alert color="red" mb="lg">
          {person.trouble}
        </Alert>
      ) : null}
      <Section title={t("identity.records")} note={person.records.length === 1 ? t("identity.only_record") : undefined}>
        <Records id={id} person={person} onDecide={setDeciding} />
      </Section>
      {person.links.length > 0 ? (
        <Section title={t("identity.why")}>
          <Links person={person} />
        </Section>
      ) : null}
      {person.questions.length > 0 ? (
        <Section title={t("identity.open")}>
          {person.questions.map((question) => (
            <QuestionCard
              key={`${question.kind} ${question.system} ${question.records.map((record) => record.id).join(" ")}`}
              question={question}
              onDecide={setDeciding}
            />
          ))}
        </Section>
      ) : null}
      {person.decisions.length > 0 ? (
        <Section title={t("identity.decided")}>
          <DecisionsList decisions={person.decisions} />
        </Section>
      ) : null}
      <Section title={t("identity.golden")} note={t("identity.golden_note")}>
        <Golden person={person} />
      </Section>
      <DecisionForm deciding={deciding} onClose={() => setDeciding(null)} />
    </>
  );
}

function Records({ id, person, onDecide }: { id: string; person: Person; onDecide: (deciding: Deciding) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const may = useMay();
  const mayPart = may("decide-identity") && person.records.some((record) => record.can_be_parted_from.length > 0);
  const columns = useMemo<Column<PersonRecord>[]>(() => {
    const all: (Column<PersonRecord> | false)[] = [
      {
        key: "name",
        title: t("patients.name"),
        names: true,
        cell: (record) =>
          record.id === id ? (
            record.name
          ) : (
            <Link to="/patients/$id" params={{ id: record.id }} search={{ tab: "records" }}>
              {record.name}
            </Link>
          ),
      },
      { key: "source", title: t("patient.source"), cell: (record) => `${record.source} · Patient/${record.fhir_id}` },
      { key: "born", title: t("patients.born"), tight: true, cell: (record) => format.date(record.birth_date) },
      {
        key: "status",
        title: t("patients.status"),
        cell: (record) => <StatusPill group="record_status" status={record.status} />,
      },
      {
        key: "primary",
        title: t("identity.written_to"),
        cell: (record) => (record.primary ? <Pill tone="good">{t("identity.primary")}</Pill> : "–"),
      },
      { key: "said_at", title: t("patient.updated"), cell: (record) => <Exactly at={record.said_at} /> },
      mayPart && {
        key: "part",
        title: t("identity.part_column"),
        cell: (record) =>
          record.can_be_parted_from.length > 0 ? (
            <Button
              size="xs"
              variant="default"
              aria-label={`${t("identity.part_from_others")}: ${record.name}, ${record.source}`}
              onClick={() => onDecide({ decision: "different", record: record.id, others: record.can_be_parted_from })}
            >
              {t("identity.part_from_others")}
            </Button>
          ) : (
            t("identity.merged_by_source")
          ),
      },
    ];
    return all.filter((column) => column !== false);
  }, [t, format, id, mayPart, onDecide]);
  return (
    <DataTable
      caption={t("identity.records")}
      columns={columns}
      rows={person.records}
      rowKey={(record) => record.id}
      empty={null}
    />
  );
}

function Links({ person }: { person: Person }) {
  const { t } = useTranslation();
  const named = (id: string) => {
    const record = person.records.find((each) => each.id === id);
    return record ? `${record.name} (${record.source})` : id;
  };
  return (
    <ul className={classes.reasons}>
      {person.links.map((link) => (
        <li key={`${link.one} ${link.other} ${link.by} ${link.system}`}>
          <span>
            {named(link.one)} · {named(link.other)}
          </span>
          <span>
            {link.by === "identifier"
              ? t("identity.by_identifier", { system: link.system ?? "" })
              : t(link.by === "merge" ? "identity.by_merge" : "identity.by_staff")}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Golden({ person }: { person: Person }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const columns = useMemo<Column<GoldenField>[]>(
    () => [
      {
        key: "field",
        title: t("identity.field"),
        names: true,
        cell: (field) => (
          <>
            {word("golden_field", field.field)}
            {field.kind ? (
              <span className={classes.quiet}>
                {" "}
                {field.field === "contact-point" ? word("medium", field.kind) : field.kind}
              </span>
            ) : null}
          </>
        ),
      },
      {
        key: "value",
        title: t("identity.value"),
        cell: (field) => {
          switch (field.field) {
            case "birth":
              return format.date(field.value);
            case "language":
              return format.language(field.value);
            case "sex":
              return word("sex", field.value);
            case "deceased":
              return /^\d/.test(field.value) ? format.date(field.value) : word("golden_value", field.value);
            case "restricted":
              return word("golden_value", field.value);
            default:
              return field.value;
          }
        },
      },
      { key: "source", title: t("identity.from"), cell: (field) => field.source },
      { key: "since", title: t("identity.since"), cell: (field) => <Exactly at={field.since} /> },
    ],
    [t, format, word],
  );
  return (
    <DataTable
      caption={t("identity.golden")}
      columns={columns}
      rows={person.golden}
      rowKey={(field) => `${field.field} ${field.kind} ${field.value}`}
      empty={null}
    />
  );
}
