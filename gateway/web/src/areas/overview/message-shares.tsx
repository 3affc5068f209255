// What became of the messages: a bar of shares, and the same as a list.

import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Overview } from "@/api/model";
import { useFormat } from "@/design/format";
import { StatusPill } from "@/design/pill";
import { EmptyState } from "@/design/states";
import classes from "./overview.module.css";

export function MessageShares({ counts, linked }: { counts: NonNullable<Overview["messages"]>; linked: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const shown = counts.filter((each) => each.count > 0);
  if (shown.length === 0) {
    return <EmptyState>{t("messages.empty")}</EmptyState>;
  }
  return (
    <>
      <div className={classes.bar} aria-hidden="true">
        {shown.map((each) => (
          <span key={each.status} data-status={each.status} style={{ flexGrow: each.count }} />
        ))}
      </div>
      <ul className={classes.shares}>
        {shown.map((each) => (
          <li key={each.status}>
            {linked ? (
              <Link to="/messages" search={{ status: each.status }}>
                <StatusPill group="message_status" status={each.status} />
              </Link>
            ) : (
              <StatusPill group="message_status" status={each.status} />
            )}
            <span>{format.number(each.count)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
