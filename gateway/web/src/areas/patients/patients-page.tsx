import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { PatientRow } from "@/api/model";
import { type Column, DataTable } from "@/design/data-table";
import { Filters, SearchField, StatusFilter } from "@/design/filters";
import { useFormat } from "@/design/format";
import { pageOf, pageSearch, useListSearch } from "@/design/list-search";
import { Page } from "@/design/page";
import { StatusPill } from "@/design/pill";
import { useWord } from "@/design/word";
import { questionsQuery } from "../identity/identity";
import { ContactabilityBadge } from "./contactability-badge";
import { patientsQuery } from "./patient";

const statuses = ["active", "inactive", "merged", "deleted"];

export function PatientsPage() {
  const { t } = useTranslation();
  const [search, change] = useListSearch();
  const page = pageOf(search);
  const query = useQuery({
    ...patientsQuery({ q: search.q, status: search.status, ...page }),
    placeholderData: keepPreviousData,
  });
  const columns = usePatientColumns();
  const filtered = search.q !== undefined || search.status !== undefined;
  return (
    <Page title={t("patients.title")} description={t("patients.description")} actions={<OpenQuestions />}>
      <Filters>
        <SearchField label={t("patients.search")} value={search.q} onChange={(q) => change({ q })} />
        <StatusFilter
          label={t("patients.status")}
          group="record_status"
          statuses={statuses}
          value={search.status}
          onChange={(status) => change({ status })}
        />
      </Filters>
      <DataTable
        caption={t("patients.title")}
        columns={columns}
        rows={query.data?.items}
        rowKey={(row) => row.id}
        total={query.data?.total}
        paging={{ ...page, onChange: (next) => change(pageSearch(next)) }}
        error={query.error}
        onRetry={() => query.refetch()}
        stale={query.isPlaceholderData}
        empty={filtered ? t("state.no_match") : t("patients.empty")}
      />
    </Page>
  );
}

/** Leads to the records that may be one person's; says how many there are. */
function OpenQuestions() {
  const { t } = useTranslation();
  const format = useFormat();
  const { data } = useQuery(questionsQuery({ limit: 1 }));
  return (
    <Link to="/identity">
      {data && data.total > 0
        ? t("identity.open_count", { count: data.total, shown: format.number(data.total) })
        : t("identity.title")}
    </Link>
  );
}

function usePatientColumns(): Column<PatientRow>[] {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  return useMemo(
    () => [
      {
        key: "name",
        title: t("patients.name"),
        names: true,
        cell: (row) => (
          <Link to="/patients/$id" params={{ id: row.id }}>
            {row.name}
          </Link>
        ),
      },
      {
        key: "age",
        title: t("patients.age"),
        numeric: true,
        cell: (row) => (typeof row.age === "number" ? format.number(row.age) : "–"),
      },
      { key: "birth_date", title: t("patients.born"), tight: true, cell: (row) => format.date(row.birth_date) },
      { key: "sex", title: t("patients.sex"), cell: (row) => word("sex", row.sex) },
      { key: "language", title: t("patients.language"), cell: (row) => format.language(row.language) },
      {
        key: "contactability",
        title: t("patients.contactability"),
        cell: (row) => <ContactabilityBadge contactability={row.contactability} reasons />,
      },
      {
        key: "status",
        title: t("patients.status"),
        cell: (row) => <StatusPill group="record_status" status={row.status} />,
      },
    ],
    [t, format, word],
  );
}
