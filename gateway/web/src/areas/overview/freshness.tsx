import { useTranslation } from "react-i18next";
import type { Overview } from "@/api/model";
import { useFormat } from "@/design/format";
import { Moment } from "@/design/moment";
import { EmptyState } from "@/design/states";
import classes from "./overview.module.css";

export function Freshness({ sources }: { sources: NonNullable<Overview["sources"]> }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (sources.length === 0) {
    return <EmptyState>{t("sources.empty")}</EmptyState>;
  }
  return (
    <ul className={classes.sources}>
      {sources.map((source) => (
        <li key={source.name}>
          <span className={classes.sourceName}>{source.name}</span>
          <span className={classes.quiet}>
            {source.synced_at ? (
              <>
                {t("sources.synced")} <Moment at={source.synced_at} />
              </>
            ) : (
              t("sources.never")
            )}
          </span>
          {typeof source.lag_seconds === "number" ? (
            <span className={classes.quiet}>{t("sources.lag", { lag: format.duration(source.lag_seconds) })}</span>
          ) : null}
        </li>
      ))}
    </ul>
  );
}
