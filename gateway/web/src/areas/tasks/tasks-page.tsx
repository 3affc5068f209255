import { useTranslation } from "react-i18next";
import { Filters, StatusFilter } from "@/design/filters";
import { useListSearch } from "@/design/list-search";
import { Page } from "@/design/page";
import { owners, statuses } from "./task";
import { TasksTable } from "./tasks-table";

export function TasksPage() {
  const { t } = useTranslation();
  const [search, change] = useListSearch();
  const filtered = search.status !== undefined || search.whose !== undefined;
  return (
    <Page title={t("tasks.title")} description={t("tasks.description")}>
      <Filters>
        <StatusFilter
          label={t("tasks.status")}
          group="task_status"
          statuses={statuses}
          value={search.status}
          onChange={(status) => change({ status })}
        />
        <StatusFilter
          label={t("tasks.whose")}
          group="task_owner"
          statuses={owners}
          value={search.whose}
          onChange={(whose) => change({ whose })}
        />
      </Filters>
      <TasksTable
        status={search.status}
        assignee={search.whose}
        empty={filtered ? t("state.no_match") : t("tasks.empty")}
      />
    </Page>
  );
}
