import { Alert, Button, Group, Modal, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/problem";
import { useProblemTitle } from "@/design/states";
import { useWord } from "@/design/word";
import { kinds, taskRoles, useAddTask } from "./task";

const anybody = "anybody";

export function NewTask({ patient, opened, onClose }: { patient: string; opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t("tasks.add")}
      closeButtonProps={{ "aria-label": t("action.close") }}
    >
      <Form patient={patient} onClose={onClose} />
    </Modal>
  );
}

function Form({ patient, onClose }: { patient: string; onClose: () => void }) {
  const { t } = useTranslation();
  const word = useWord();
  const problemTitle = useProblemTitle();
  const [kind, setKind] = useState("call");
  const [assignee, setAssignee] = useState(anybody);
  const [dueOn, setDueOn] = useState("");
  const [note, setNote] = useState("");
  const add = useAddTask(() => {
    notifications.show({ message: t("tasks.added") });
    onClose();
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    const body = {
      patient,
      kind,
      assignee: assignee === anybody ? null : assignee,
      due_on: dueOn || null,
      note: note.trim() || null,
    };
    add.mutate(body as Parameters<typeof add.mutate>[0]);
  }

  const problem = add.isError ? asProblem(add.error) : null;
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        {problem && problem.status !== 401 ? (
          <Alert color="red" role="alert" title={problemTitle(problem)}>
            {[problem.detail, ...problem.fields.map((field) => field.message)].filter(Boolean).join(" ")}
          </Alert>
        ) : null}
        <Select
          label={t("tasks.task")}
          value={kind}
          onChange={(value) => setKind(value ?? kind)}
          data={kinds.map((value) => ({ value, label: word("task_kind", value) }))}
        />
        <Select
          label={t("tasks.assignee")}
          value={assignee}
          onChange={(value) => setAssignee(value ?? anybody)}
          data={[
            { value: anybody, label: t("tasks.anybody") },
            { value: "me", label: word("task_owner", "me") },
            ...taskRoles.map((value) => ({ value, label: word("role", value) })),
          ]}
        />
        <TextInput
          type="date"
          label={t("tasks.due")}
          value={dueOn}
          onChange={(event) => setDueOn(event.currentTarget.value)}
        />
        <Textarea
          label={t("tasks.note")}
          description={t("tasks.note_hint")}
          rows={3}
          maxLength={500}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" loading={add.isPending} disabled={kind === "other" && !note.trim()}>
            {t("tasks.add")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
