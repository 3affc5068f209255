import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { SegmentMember, SegmentRecord } from "@/api/model";
import { type Column, DataTable } from "@/design/data-table";
import { EvidenceList } from "@/design/evidence-list";
import { useFormat } from "@/design/format";
import { pageOf, pageSearch, useListSearch } from "@/design/list-search";
import { Document, Page, PageTabs } from "@/design/page";
import { Loaded } from "@/design/states";
import { useMay } from "@/shell/session";
import { membersQuery, segmentQuery } from "./segment";
import { SegmentState } from "./segments-page";

export function SegmentPage() {
  const { id } = useParams({ from: "/segments/$id" });
  const query = useQuery(segmentQuery(id));
  return <Loaded query={query}>{(segment) => <Record segment={segment} />}</Loaded>;
}

function Record({ segment }: { segment: SegmentRecord }) {
  const { t } = useTranslation();
  const format = useFormat();
  const may = useMay();
  const [search, change] = useListSearch();
  const definition = {
    key: "definition",
    title: t("segment.definition"),
    render: () => (
      <>
        <p>{t("segment.decided_by", { plugin: segment.plugin, version: segment.version })}</p>
        <Document value={segment.definition} label={t("segment.definition")} />
      </>
    ),
  };
  const members = {
    key: "members",
    title: `${t("segments.members")} · ${format.number(segment.members)}`,
    render: () => <Members id={segment.id} />,
  };
  return (
    <Page
      title={segment.title}
      parent={{ to: "/segments", title: t("segments.title") }}
      badges={<SegmentState active={segment.active} />}
      description={segment.description}
    >
      <PageTabs
        label={segment.title}
        tabs={may("read-patients") ? [members, definition] : [definition]}
        value={search.tab}
        onChange={(tab) => change({ tab, offset: undefined })}
      />
    </Page>
  );
}

function Members({ id }: { id: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [search, change] = useListSearch();
  const page = pageOf(search);
  const query = useQuery({ ...membersQuery(id, page), placeholderData: keepPreviousData });
  const columns = useMemo<Column<SegmentMember>[]>(
    () => [
      {
        key: "patient",
        title: t("segment.member"),
        names: true,
        cell: (row) => (
          <Link to="/patients/$id" params={{ id: row.patient.id }}>
            {row.patient.name}
          </Link>
        ),
      },
      { key: "evidence", title: t("segment.evidence"), cell: (row) => <EvidenceList evidence={row.evidence} /> },
      { key: "since", title: t("segment.member_since"), tight: true, cell: (row) => format.date(row.since) },
      {
        key: "review",
        title: t("segment.review"),
        tight: true,
        cell: (row) => (row.review_on ? format.date(row.review_on) : "–"),
      },
    ],
    [t, format],
  );
  return (
    <DataTable
      caption={t("segments.members")}
      columns={columns}
      rows={query.data?.items}
      rowKey={(row) => row.patient.id}
      total={query.data?.total}
      paging={{ ...page, onChange: (next) => change(pageSearch(next)) }}
      error={query.error}
      onRetry={() => query.refetch()}
      stale={query.isPlaceholderData}
      empty={t("segment.no_members")}
    />
  );
}
