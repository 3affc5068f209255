import { Button } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { TimelineItem } from "@/api/model";
import { useFormat } from "@/design/format";
import { EmptyState } from "@/design/states";
import classes from "./patients.module.css";

const step = 25;

/** The part of the timeline an item belongs to; decides its mark. */
function trackOf(kind: string): "outreach" | "choice" | "record" {
  if (kind === "fact") {
    return "record";
  }
  return kind === "opted-out" || kind === "consent" ? "choice" : "outreach";
}

export function Timeline({ items }: { items: TimelineItem[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [shown, setShown] = useState(step);
  if (items.length === 0) {
    return <EmptyState>{t("patient.no_timeline")}</EmptyState>;
  }
  return (
    <>
      <ol className={classes.timeline}>
        {items.slice(0, shown).map((item, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: several items may share a moment and a title; the list only grows.
          <li key={`${item.at} ${item.title} ${index}`} data-track={trackOf(item.kind)}>
            <time dateTime={item.at} title={format.moment(item.at)}>
              {format.date(item.at)}
            </time>
            <span className={classes.strong}>{item.title}</span>
            {item.detail ? <span className={classes.quiet}>{item.detail}</span> : null}
          </li>
        ))}
      </ol>
      {items.length > shown ? (
        <Button variant="default" size="xs" onClick={() => setShown((count) => count + step)}>
          {t("state.more", { left: format.number(items.length - shown) })}
        </Button>
      ) : null}
    </>
  );
}
