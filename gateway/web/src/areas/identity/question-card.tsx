// Something that is open about one record or two: the two side by side, with what differs, and the answers there are.

import { Button, Group } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useId } from "react";
import { useTranslation } from "react-i18next";
import type { IdentityQuestion } from "@/api/model";
import { useFormat } from "@/design/format";
import { Moment } from "@/design/moment";
import { Pill, StatusPill } from "@/design/pill";
import { useWord } from "@/design/word";
import { useMay } from "@/shell/session";
import type { Deciding } from "./decision-form";
import classes from "./identity.module.css";

type Compared = IdentityQuestion["records"][number];

export function QuestionCard({
  question,
  onDecide,
}: {
  question: IdentityQuestion;
  onDecide: (deciding: Deciding) => void;
}) {
  const { t } = useTranslation();
  const word = useWord();
  const may = useMay();
  const title = useId();
  const [one, other] = question.records;
  return (
    <article className={classes.question} aria-labelledby={title}>
      <h2 id={title}>{word("identity_question", question.kind)}</h2>
      <p className={classes.quiet}>
        {question.system ? <code>{question.system}</code> : null} <Moment at={question.since} />
      </p>
      <Comparison records={question.records} />
      {question.for_staff && one && other ? (
        may("decide-identity") ? (
          <Group gap="sm" mt="md">
            <Button onClick={() => onDecide({ decision: "same", record: one.id, others: [other.id] })}>
              {t("identity.one_person")}
            </Button>
            <Button
              variant="default"
              onClick={() => onDecide({ decision: "different", record: one.id, others: [other.id] })}
            >
              {t("identity.two_people")}
            </Button>
          </Group>
        ) : null
      ) : (
        <p className={classes.quiet}>{t("identity.in_the_source")}</p>
      )}
    </article>
  );
}

function Comparison({ records }: { records: Compared[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const rows: [string, (record: Compared) => string][] = [
    [t("patients.born"), (record) => format.date(record.birth_date)],
    [t("patients.sex"), (record) => word("sex", record.sex)],
    [t("patient.address"), (record) => record.address.join(", ")],
    [t("patient.contact_points"), (record) => record.contact_points.map((point) => point.value).join(", ")],
    [
      t("patient.identifiers"),
      (record) => record.identifiers.map((identifier) => `${identifier.system} ${identifier.value}`.trim()).join(", "),
    ],
    [t("patient.source"), (record) => `${record.source} · Patient/${record.fhir_id}`],
  ];
  const [first, second] = records;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard.
    <section className={classes.comparison} aria-label={t("identity.side_by_side")} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <td />
            {records.map((record) => (
              <th key={record.id} scope="col">
                <Link to="/patients/$id" params={{ id: record.id }} search={{ tab: "records" }}>
                  {record.name}
                </Link>{" "}
                {record.status === "active" ? null : <StatusPill group="record_status" status={record.status} />}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([title, shown], place) => {
            const differs =
              first !== undefined &&
              second !== undefined &&
              place < rows.length - 1 &&
              shown(first) !== "" &&
              shown(second) !== "" &&
              shown(first) !== shown(second);
            return (
              <tr key={title}>
                <th scope="row">
                  {title} {differs ? <Pill tone="notice">{t("identity.differs")}</Pill> : null}
                </th>
                {records.map((record) => (
                  <td key={record.id}>{shown(record) || "–"}</td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
