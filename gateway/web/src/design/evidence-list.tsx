// Why a person is in a segment: sentences, each with the fact of the record it rests on.

import { useTranslation } from "react-i18next";
import type { Evidence } from "@/api/model";
import classes from "./evidence-list.module.css";
import { useFormat } from "./format";
import { useWord } from "./word";

export function EvidenceList({ evidence }: { evidence: Evidence[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  if (evidence.length === 0) {
    return <span className={classes.fact}>{t("evidence.none")}</span>;
  }
  return (
    <ul className={classes.list}>
      {evidence.map((piece) => (
        <li key={`${piece.phrase} ${piece.fact?.fhir_id ?? ""}`}>
          {piece.phrase}
          {piece.fact ? (
            <span className={classes.fact}>
              {word("fact_kind", piece.fact.kind)}: {piece.fact.text}
              {piece.fact.start ? `, ${format.date(piece.fact.start)}` : ""}
            </span>
          ) : null}
        </li>
      ))}
    </ul>
  );
}
