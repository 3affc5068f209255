// What staff is to do: of everybody, or about one patient.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Task } from "@/api/model";
import { type Column, DataTable } from "@/design/data-table";
import { useFormat } from "@/design/format";
import { pageOf, pageSearch, useListSearch } from "@/design/list-search";
import { Moment } from "@/design/moment";
import { Pill, StatusPill } from "@/design/pill";
import { useWord } from "@/design/word";
import { useMay } from "@/shell/session";
import { tasksQuery } from "./task";
import { TaskCommands } from "./task-commands";
import classes from "./tasks.module.css";

interface TasksTableProps {
  status?: string;
  assignee?: string;
  patient?: string;
  empty: string;
}

export function TasksTable({ status, assignee, patient, empty }: TasksTableProps) {
  const { t } = useTranslation();
  const word = useWord();
  const may = useMay();
  const mayWork = may("work-on-tasks");
  const [search, change] = useListSearch();
  const page = pageOf(search);
  const query = useQuery({
    ...tasksQuery({ status, assignee, patient, ...page }),
    placeholderData: keepPreviousData,
  });
  const columns = useMemo<Column<Task>[]>(() => {
    const all: (Column<Task> | false)[] = [
      {
        key: "task",
        title: t("tasks.task"),
        names: true,
        cell: (task) => (
          <span className={classes.what}>
            {word("task_kind", task.kind)}
            {task.note ? <span className={classes.note}>{task.note}</span> : null}
          </span>
        ),
      },
      !patient && {
        key: "patient",
        title: t("tasks.patient"),
        cell: (task) => (
          <Link to="/patients/$id" params={{ id: task.patient.id }}>
            {task.patient.name}
          </Link>
        ),
      },
      { key: "status", title: t("tasks.status"), cell: (task) => <State task={task} /> },
      { key: "due", title: t("tasks.due"), tight: true, cell: (task) => <Due task={task} /> },
      {
        key: "assignee",
        title: t("tasks.assignee"),
        cell: (task) =>
          task.assigned_user?.title ?? (task.assigned_role ? word("role", task.assigned_role) : t("tasks.anybody")),
      },
      { key: "origin", title: t("tasks.origin"), cell: (task) => <Origin task={task} /> },
      mayWork && { key: "action", title: t("tasks.action"), cell: (task) => <TaskCommands task={task} /> },
    ];
    return all.filter((column) => column !== false);
  }, [t, word, patient, mayWork]);
  return (
    <DataTable
      caption={t("tasks.title")}
      columns={columns}
      rows={query.data?.items}
      rowKey={(task) => task.id}
      total={query.data?.total}
      paging={{ ...page, onChange: (next) => change(pageSearch(next)) }}
      error={query.error}
      onRetry={() => query.refetch()}
      stale={query.isPlaceholderData}
      empty={empty}
    />
  );
}

function State({ task }: { task: Task }) {
  const { t } = useTranslation();
  return (
    <span className={classes.what}>
      <StatusPill group="task_status" status={task.status} />
      {task.ended_at ? (
        <span className={classes.note}>
          <Moment at={task.ended_at} /> {task.ended_by ? t("tasks.by", { name: task.ended_by }) : null}
        </span>
      ) : null}
    </span>
  );
}

/** The day, and whether it is over: by the reader's calendar. */
function Due({ task }: { task: Task }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (!task.due_on) {
    return "–";
  }
  const now = new Date();
  const today = [now.getFullYear(), now.getMonth() + 1, now.getDate()]
    .map((part) => String(part).padStart(2, "0"))
    .join("-");
  return (
    <span className={classes.what}>
      {format.date(task.due_on)}
      {task.status === "open" && task.due_on < today ? <Pill tone="bad">{t("tasks.overdue")}</Pill> : null}
    </span>
  );
}

function Origin({ task }: { task: Task }) {
  const { t } = useTranslation();
  const may = useMay();
  const word = useWord();
  if (task.journey && may("read-journeys")) {
    return (
      <Link to="/journeys/$id" params={{ id: task.journey.id }}>
        {task.journey.title}
      </Link>
    );
  }
  return task.made_by ? t("tasks.made_by", { name: task.made_by }) : word("task_origin", task.origin);
}
