// What the record says of the person's health, by kind. A fact that was entered in error is struck through and named as such.

import { ActionIcon, Button, Drawer } from "@mantine/core";
import { IconCode } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Fact } from "@/api/model";
import { type Column, DataTable } from "@/design/data-table";
import { type Format, useFormat } from "@/design/format";
import { Document, Section } from "@/design/page";
import { Pill, type Tone } from "@/design/pill";
import { EmptyState, Loaded } from "@/design/states";
import { useWord } from "@/design/word";
import { factsQuery, resourceQuery } from "./patient";
import classes from "./patients.module.css";

const shownAtFirst = 12;
const order = ["condition", "medication", "allergy", "procedure", "immunization", "observation", "encounter"];
const flagTones: Record<string, Tone> = { active: "info", "in-error": "bad", "entered-in-error": "bad" };

export function ClinicalTab({ id }: { id: string }) {
  const { t } = useTranslation();
  const query = useQuery(factsQuery(id));
  const [raw, setRaw] = useState<Fact | null>(null);
  return (
    <Loaded query={query} lines={10}>
      {({ items }) => (
        <>
          {items.length === 0 ? <EmptyState>{t("patient.no_facts")}</EmptyState> : null}
          {byKind(items).map(([kind, facts]) => (
            <FactKind key={kind} kind={kind} facts={facts} onRaw={setRaw} />
          ))}
          <Drawer
            opened={raw !== null}
            onClose={() => setRaw(null)}
            title={raw ? `${raw.resource_type}/${raw.fhir_id}` : ""}
            closeButtonProps={{ "aria-label": t("action.close") }}
          >
            {raw ? <RawResource id={id} fact={raw} /> : null}
          </Drawer>
        </>
      )}
    </Loaded>
  );
}

function byKind(facts: Fact[]): [string, Fact[]][] {
  const groups = new Map<string, Fact[]>();
  for (const fact of facts) {
    const group = groups.get(fact.kind);
    if (group) {
      group.push(fact);
    } else {
      groups.set(fact.kind, [fact]);
    }
  }
  const place = (kind: string) => (order.includes(kind) ? order.indexOf(kind) : order.length);
  return [...groups].sort(([left], [right]) => place(left) - place(right) || left.localeCompare(right));
}

export function isInError(fact: Fact): boolean {
  return fact.flags.some((flag) => flag === "in-error" || flag === "entered-in-error");
}

function FactKind({ kind, facts, onRaw }: { kind: string; facts: Fact[]; onRaw: (fact: Fact) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const [all, setAll] = useState(false);
  const columns = useFactColumns(onRaw);
  const title = word("fact_kinds", kind);
  return (
    <Section title={`${title} · ${format.number(facts.length)}`}>
      <DataTable
        caption={title}
        columns={columns}
        rows={all ? facts : facts.slice(0, shownAtFirst)}
        rowKey={(fact) =>
          `${fact.resource_type}/${fact.fhir_id}/${fact.codes[0]?.code ?? ""}/${fact.text}/${fact.start ?? ""}`
        }
        empty={null}
      />
      {facts.length > shownAtFirst && !all ? (
        <Button variant="default" size="xs" mt="sm" onClick={() => setAll(true)}>
          {t("state.show_all", { total: format.number(facts.length) })}
        </Button>
      ) : null}
    </Section>
  );
}

function useFactColumns(onRaw: (fact: Fact) => void): Column<Fact>[] {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  return useMemo(
    () => [
      {
        key: "text",
        title: t("fact.what"),
        names: true,
        cell: (fact) => (
          <>
            {isInError(fact) ? <s>{fact.text}</s> : fact.text}
            {fact.codes.map((code) => (
              <span key={`${code.system} ${code.code}`} className={classes.code} title={code.display ?? undefined}>
                {systemName(code.system)} {code.code}
              </span>
            ))}
          </>
        ),
      },
      { key: "value", title: t("fact.value"), tight: true, cell: (fact) => shownValue(fact, format) },
      { key: "when", title: t("fact.when"), tight: true, cell: (fact) => period(fact, format) },
      {
        key: "flags",
        title: t("fact.state"),
        cell: (fact) => (
          <span className={classes.flags}>
            {fact.flags.map((flag) => (
              <Pill key={flag} tone={flagTones[flag] ?? "plain"}>
                {word("fact_flag", flag)}
              </Pill>
            ))}
          </span>
        ),
      },
      {
        key: "raw",
        title: t("fact.source"),
        cell: (fact) => (
          <ActionIcon size="sm" aria-label={t("fact.raw", { what: fact.text })} onClick={() => onRaw(fact)}>
            <IconCode size={16} stroke={1.5} aria-hidden />
          </ActionIcon>
        ),
      },
    ],
    [t, format, word, onRaw],
  );
}

const systems: [string, string][] = [
  ["snomed", "SNOMED"],
  ["loinc", "LOINC"],
  ["rxnorm", "RxNorm"],
  ["icd-10", "ICD-10"],
  ["/cvx", "CVX"],
  ["/cpt", "CPT"],
];

function systemName(system: string | null | undefined): string {
  return systems.find(([part]) => system?.includes(part))?.[1] ?? "";
}

function shownValue(fact: Fact, format: Format): string {
  if (typeof fact.value === "number") {
    return [format.number(fact.value), fact.unit].filter(Boolean).join(" ");
  }
  return fact.value_text ?? "";
}

function period(fact: Fact, format: Format): string {
  const start = format.date(fact.start);
  return fact.end && fact.end.slice(0, 10) !== fact.start?.slice(0, 10) ? `${start} – ${format.date(fact.end)}` : start;
}

function RawResource({ id, fact }: { id: string; fact: Fact }) {
  const query = useQuery(resourceQuery(id, fact.resource_type, fact.fhir_id));
  return <Loaded query={query}>{(resource) => <Document value={resource} label={fact.text} />}</Loaded>;
}
