import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { EvidenceList } from "@/design/evidence-list";
import { useFormat } from "@/design/format";
import { EmptyState, Loaded } from "@/design/states";
import { membershipsQuery } from "./patient";
import classes from "./patients.module.css";

export function SegmentsTab({ id }: { id: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const query = useQuery(membershipsQuery(id));
  return (
    <Loaded query={query}>
      {({ items }) =>
        items.length === 0 ? (
          <EmptyState>{t("patient.no_segments")}</EmptyState>
        ) : (
          items.map((membership) => (
            <article key={membership.segment.id} className={classes.membership}>
              <h2>
                <Link to="/segments/$id" params={{ id: membership.segment.id }}>
                  {membership.segment.title}
                </Link>
              </h2>
              <EvidenceList evidence={membership.evidence} />
              <p className={classes.quiet}>
                {t("segment.since", { date: format.date(membership.since) })}
                {membership.review_on
                  ? ` · ${t("segment.review_on", { date: format.date(membership.review_on) })}`
                  : ""}
              </p>
            </article>
          ))
        )
      }
    </Loaded>
  );
}
