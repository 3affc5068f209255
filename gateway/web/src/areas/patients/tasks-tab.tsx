import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useTranslation } from "react-i18next";
import { useMay } from "@/shell/session";
import { NewTask } from "../tasks/new-task";
import { TasksTable } from "../tasks/tasks-table";
import classes from "./patients.module.css";

export function TasksTab({ id }: { id: string }) {
  const { t } = useTranslation();
  const may = useMay();
  const [opened, form] = useDisclosure(false);
  return (
    <>
      <div className={classes.tabBar}>
        <p className={classes.quiet}>{t("tasks.of_patient")}</p>
        {may("work-on-tasks") ? <Button onClick={form.open}>{t("tasks.add")}</Button> : null}
      </div>
      <TasksTable patient={id} empty={t("tasks.none_of_patient")} />
      <NewTask patient={id} opened={opened} onClose={form.close} />
    </>
  );
}
