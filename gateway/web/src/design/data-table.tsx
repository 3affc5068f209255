// A list of records. The server pages; on a narrow screen each row becomes a card, and stays a row for a screen reader.

import { Pagination, Select, Skeleton } from "@mantine/core";
import { type ColumnDef, createColumnHelper, tableFeatures, useTable } from "@tanstack/react-table";
import { type ReactNode, useMemo } from "react";
import { useTranslation } from "react-i18next";
import classes from "./data-table.module.css";
import { useFormat } from "./format";
import { defaultLimit } from "./list-search";
import { EmptyState, ProblemState } from "./states";

const features = tableFeatures({});

export interface Column<Row> {
  key: string;
  title: string;
  cell: (row: Row) => ReactNode;
  /** Numbers stand at the right. */
  numeric?: boolean;
  /** Kept on one line. */
  tight?: boolean;
  /** The column that names the row. */
  names?: boolean;
}

export interface Paging {
  offset: number;
  limit: number;
  onChange: (paging: { offset: number; limit: number }) => void;
}

interface DataTableProps<Row> {
  caption: string;
  columns: Column<Row>[];
  rows: Row[] | undefined;
  rowKey: (row: Row) => string;
  total?: number;
  paging?: Paging;
  error?: unknown;
  onRetry?: () => void;
  /** Old rows are still shown while newer ones are on their way. */
  stale?: boolean;
  empty: ReactNode;
}

const pageSizes = ["25", "50", "100"];
const skeletonRows = ["a", "b", "c", "d", "e", "f"];

export function DataTable<Row extends object>(props: DataTableProps<Row>) {
  const { caption, columns, rows, rowKey, error, onRetry, stale, empty } = props;
  const defined = useMemo(() => {
    const helper = createColumnHelper<typeof features, Row>();
    return columns.map((column) =>
      helper.display({ id: column.key, header: column.title, cell: (context) => column.cell(context.row.original) }),
    ) as ColumnDef<typeof features, Row>[];
  }, [columns]);
  const table = useTable({ features, columns: defined, data: rows ?? (nothing as Row[]), getRowId: rowKey });
  const byKey = new Map(columns.map((column) => [column.key, column]));

  if (rows === undefined && error) {
    return <ProblemState error={error} onRetry={onRetry} />;
  }
  if (rows?.length === 0) {
    return <EmptyState>{empty}</EmptyState>;
  }
  return (
    <>
      <div className={classes.frame}>
        <table
          className={classes.table}
          role="table"
          aria-busy={rows === undefined || stale}
          data-stale={stale || undefined}
        >
          <caption className={classes.caption}>{caption}</caption>
          <thead role="rowgroup">
            {table.getHeaderGroups().map((group) => (
              <tr key={group.id} role="row">
                {group.headers.map((header) => (
                  <th
                    key={header.id}
                    scope="col"
                    role="columnheader"
                    data-numeric={byKey.get(header.column.id)?.numeric || undefined}
                  >
                    <table.FlexRender header={header} />
                  </th>
                ))}
              </tr>
            ))}
          </thead>
          <tbody role="rowgroup">
            {rows === undefined
              ? skeletonRows.map((row) => (
                  <tr key={row} role="row">
                    {columns.map((column) => (
                      <td key={column.key} role="cell">
                        <Skeleton height={12} width={column.names ? "70%" : "50%"} radius="sm" />
                      </td>
                    ))}
                  </tr>
                ))
              : table.getRowModel().rows.map((row) => (
                  <tr key={row.id} role="row">
                    {row.getAllCells().map((cell) => {
                      const column = byKey.get(cell.column.id);
                      const shown = column?.cell(row.original);
                      return column?.names ? (
                        <th key={cell.id} scope="row" role="rowheader" data-label={column.title}>
                          {shown}
                        </th>
                      ) : (
                        <td
                          key={cell.id}
                          role="cell"
                          data-label={column?.title}
                          data-numeric={column?.numeric || undefined}
                          data-tight={column?.tight || undefined}
                        >
                          {shown}
                        </td>
                      );
                    })}
                  </tr>
                ))}
          </tbody>
        </table>
      </div>
      <TableFoot {...props} />
    </>
  );
}

const nothing: never[] = [];

function TableFoot<Row>({ total, paging, rows, caption }: DataTableProps<Row>) {
  const { t } = useTranslation();
  const format = useFormat();
  if (rows === undefined || total === undefined) {
    return null;
  }
  if (!paging) {
    return <p className={classes.count}>{t("table.count", { count: total, shown: format.number(total) })}</p>;
  }
  const { offset, limit, onChange } = paging;
  const pages = Math.max(1, Math.ceil(total / limit));
  return (
    <div className={classes.foot}>
      <p className={classes.count} role="status">
        {t("table.range", {
          from: format.number(offset + 1),
          to: format.number(Math.min(offset + limit, total)),
          total: format.number(total),
        })}
      </p>
      {total > 25 ? (
        <Select
          className={classes.size}
          size="xs"
          aria-label={t("table.page_size")}
          data={pageSizes.map((size) => ({ value: size, label: t("table.per_page", { size }) }))}
          value={String(limit)}
          onChange={(size) => onChange({ offset: 0, limit: Number(size ?? defaultLimit) })}
        />
      ) : null}
      {pages > 1 ? (
        <nav aria-label={t("table.pages", { caption })}>
          <Pagination
            size="sm"
            total={pages}
            value={Math.floor(offset / limit) + 1}
            onChange={(page) => onChange({ offset: (page - 1) * limit, limit })}
            siblings={1}
            getItemProps={(page) => ({ "aria-label": t("table.page", { page: format.number(page) }) })}
            getControlProps={(control) => ({ "aria-label": t(control === "next" ? "table.next" : "table.previous") })}
          />
        </nav>
      ) : null}
    </div>
  );
}
