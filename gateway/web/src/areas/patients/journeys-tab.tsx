import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { PatientRun } from "@/api/model";
import { type Column, DataTable } from "@/design/data-table";
import { Moment } from "@/design/moment";
import { StatusPill } from "@/design/pill";
import { useWord } from "@/design/word";
import { patientRunsQuery } from "./patient";

export function JourneysTab({ id }: { id: string }) {
  const { t } = useTranslation();
  const word = useWord();
  const query = useQuery(patientRunsQuery(id));
  const columns = useMemo<Column<PatientRun>[]>(
    () => [
      {
        key: "journey",
        title: t("run.journey"),
        names: true,
        cell: (run) => (
          <Link to="/journeys/$id" params={{ id: run.journey.id }}>
            {run.journey.title}
          </Link>
        ),
      },
      { key: "status", title: t("run.status"), cell: (run) => <StatusPill group="run_status" status={run.status} /> },
      { key: "step", title: t("run.step"), cell: (run) => word("step", run.at_step) },
      { key: "reason", title: t("run.reason"), cell: (run) => (run.reason ? word("run_reason", run.reason) : "") },
      { key: "entered", title: t("run.entered"), cell: (run) => <Moment at={run.entered_at} /> },
      { key: "updated", title: t("run.updated"), cell: (run) => <Moment at={run.updated_at} /> },
    ],
    [t, word],
  );
  return (
    <DataTable
      caption={t("journeys.title")}
      columns={columns}
      rows={query.data?.items}
      rowKey={(run) => run.id}
      error={query.error}
      onRetry={() => query.refetch()}
      empty={t("patient.no_journeys")}
    />
  );
}
