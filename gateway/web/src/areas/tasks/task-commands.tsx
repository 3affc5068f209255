import { Button, Group } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useTranslation } from "react-i18next";
import type { Task } from "@/api/model";
import { asProblem } from "@/api/problem";
import { useProblemTitle } from "@/design/states";
import { useWord } from "@/design/word";
import { useSession } from "@/shell/session";
import { useAssignTask, useEndTask } from "./task";

/** Take it, or say that it is done or not to be done; nothing once it has ended. */
export function TaskCommands({ task }: { task: Task }) {
  const { t } = useTranslation();
  const word = useWord();
  const session = useSession();
  const problemTitle = useProblemTitle();
  const assign = useAssignTask(task.id);
  const end = useEndTask(task.id);
  if (task.status !== "open") {
    return null;
  }
  const named = (command: string) => `${command}: ${word("task_kind", task.kind)}, ${task.patient.name}`;
  const onError = (error: unknown) => {
    if (asProblem(error).status !== 401) {
      notifications.show({ color: "red", title: problemTitle(error), message: asProblem(error).detail ?? "" });
    }
  };
  const finish = (status: string) =>
    end.mutate(status, {
      onSuccess: () => notifications.show({ message: t(status === "done" ? "tasks.is_done" : "tasks.is_cancelled") }),
      onError,
    });
  const busy = end.isPending || assign.isPending;
  return (
    <Group gap="xs">
      {task.assigned_user?.id === session.user.id ? null : (
        <Button
          size="xs"
          variant="default"
          aria-label={named(t("tasks.take"))}
          disabled={busy}
          onClick={() => assign.mutate("me", { onError })}
        >
          {t("tasks.take")}
        </Button>
      )}
      <Button
        size="xs"
        variant="default"
        aria-label={named(t("tasks.do_done"))}
        disabled={busy}
        onClick={() => finish("done")}
      >
        {t("tasks.do_done")}
      </Button>
      <Button
        size="xs"
        variant="subtle"
        aria-label={named(t("tasks.do_cancelled"))}
        disabled={busy}
        onClick={() => finish("cancelled")}
      >
        {t("tasks.do_cancelled")}
      </Button>
    </Group>
  );
}
