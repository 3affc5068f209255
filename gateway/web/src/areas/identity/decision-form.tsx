// Asks why before records are joined or parted, and says in plain words what happens then.

import { List, Textarea } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "@/design/dialog";
import { DialogForm } from "@/design/dialog-form";
import { useDecide } from "./identity";

/** What is about to be decided. */
export interface Deciding {
  decision: "same" | "different";
  record: string;
  others: string[];
}

export function DecisionForm({ deciding, onClose }: { deciding: Deciding | null; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog
      opened={deciding !== null}
      onClose={onClose}
      title={deciding ? t(deciding.decision === "same" ? "identity.join_title" : "identity.part_title") : ""}
    >
      {deciding ? <Form deciding={deciding} onClose={onClose} /> : null}
    </Dialog>
  );
}

const happens = {
  same: ["identity.join_opt_outs", "identity.join_once", "identity.can_be_taken_back"],
  different: ["identity.part_each", "identity.part_opt_outs", "identity.part_rules", "identity.can_be_taken_back"],
} as const;

function Form({ deciding, onClose }: { deciding: Deciding; onClose: () => void }) {
  const { t } = useTranslation();
  const [reason, setReason] = useState("");
  const { decide } = useDecide();
  const { decision, record, others } = deciding;

  function send() {
    decide.mutate(
      { record, others, decision, reason: reason.trim() },
      {
        onSuccess: () => {
          notifications.show({ message: t(decision === "same" ? "identity.joined" : "identity.parted") });
          onClose();
        },
      },
    );
  }

  return (
    <DialogForm
      send={send}
      sending={decide}
      onClose={onClose}
      command={t(decision === "same" ? "identity.join" : "identity.part")}
      danger={decision === "different"}
      disabled={reason.trim() === ""}
    >
      <List spacing="xs">
        {happens[decision].map((line) => (
          <List.Item key={line}>{t(line)}</List.Item>
        ))}
      </List>
      <Textarea
        label={t("identity.reason")}
        description={t("identity.reason_hint")}
        rows={3}
        maxLength={500}
        required
        data-autofocus
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
    </DialogForm>
  );
}
