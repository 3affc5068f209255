import { Select, Textarea, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "@/design/dialog";
import { DialogForm } from "@/design/dialog-form";
import { useWord } from "@/design/word";
import { kinds, taskRoles, useAddTask } from "./task";

const anybody = "anybody";

export function NewTask({ patient, opened, onClose }: { patient: string; opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog opened={opened} onClose={onClose} title={t("tasks.add")}>
      <Form patient={patient} onClose={onClose} />
    </Dialog>
  );
}

function Form({ patient, onClose }: { patient: string; onClose: () => void }) {
  const { t } = useTranslation();
  const word = useWord();
  const [kind, setKind] = useState("call");
  const [assignee, setAssignee] = useState(anybody);
  const [dueOn, setDueOn] = useState("");
  const [note, setNote] = useState("");
  const add = useAddTask(() => {
    notifications.show({ message: t("tasks.added") });
    onClose();
  });

  function send() {
    const body = {
      patient,
      kind,
      assignee: assignee === anybody ? null : assignee,
      due_on: dueOn || null,
      note: note.trim() || null,
    };
    add.mutate(body as Parameters<typeof add.mutate>[0]);
  }

  return (
    <DialogForm
      send={send}
      sending={add}
      onClose={onClose}
      command={t("tasks.add")}
      disabled={kind === "other" && !note.trim()}
    >
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
    </DialogForm>
  );
}
