// Asks why before records are joined or parted, and says in plain words what happens then.

import { Alert, Button, Group, List, Modal, Stack, Textarea } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/problem";
import { useProblemTitle } from "@/design/states";
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
    <Modal
      opened={deciding !== null}
      onClose={onClose}
      title={deciding ? t(deciding.decision === "same" ? "identity.join_title" : "identity.part_title") : ""}
      closeButtonProps={{ "aria-label": t("action.close") }}
    >
      {deciding ? <Form deciding={deciding} onClose={onClose} /> : null}
    </Modal>
  );
}

const happens = {
  same: ["identity.join_opt_outs", "identity.join_once", "identity.can_be_taken_back"],
  different: ["identity.part_each", "identity.part_opt_outs", "identity.part_rules", "identity.can_be_taken_back"],
} as const;

function Form({ deciding, onClose }: { deciding: Deciding; onClose: () => void }) {
  const { t } = useTranslation();
  const problemTitle = useProblemTitle();
  const [reason, setReason] = useState("");
  const { decide } = useDecide();
  const { decision, record, others } = deciding;

  function submit(event: FormEvent) {
    event.preventDefault();
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

  const problem = decide.isError ? asProblem(decide.error) : null;
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        {problem && problem.status !== 401 ? (
          <Alert color="red" role="alert" title={problemTitle(problem)}>
            {[problem.detail, ...problem.fields.map((field) => field.message)].filter(Boolean).join(" ")}
          </Alert>
        ) : null}
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
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("action.cancel")}
          </Button>
          <Button
            type="submit"
            color={decision === "different" ? "red.9" : undefined}
            loading={decide.isPending}
            disabled={reason.trim() === ""}
          >
            {t(decision === "same" ? "identity.join" : "identity.part")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
