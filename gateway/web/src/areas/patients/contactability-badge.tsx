// Whether a person can be reached, by what, and if not, why: always in words, in full or behind the pill.

import { useTranslation } from "react-i18next";
import type { Contactability } from "@/api/model";
import { useFormat } from "@/design/format";
import { Pill } from "@/design/pill";
import { useWord } from "@/design/word";
import classes from "./patients.module.css";

export function ContactabilityBadge({
  contactability,
  reasons,
}: {
  contactability: Contactability;
  reasons?: boolean;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const { reachable, channels } = contactability;
  const why = contactability.reasons.map((reason) => word("gate_reason", reason));
  return (
    <span className={classes.contactability}>
      <Pill tone={reachable ? "good" : "bad"}>
        {reachable
          ? t("contactability.reachable", { channels: format.list(channels.map((channel) => word("medium", channel))) })
          : t("contactability.unreachable")}
      </Pill>
      {reasons && why.length > 0 ? <span className={classes.reasons}>{why.join(" ")}</span> : null}
    </span>
  );
}
