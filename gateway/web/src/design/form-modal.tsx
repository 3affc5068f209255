// A form in a dialog: what the gateway had against it on top, its commands at the end. Opened again, it begins anew.

import { Alert, Button, Group, Modal, Stack } from "@mantine/core";
import type { FormEvent, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/problem";
import { useProblemTitle } from "./states";

interface FormModalProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
}

/** The dialog; its children are there only while it is open. */
export function FormModal({ opened, onClose, title, children }: FormModalProps) {
  const { t } = useTranslation();
  return (
    <Modal opened={opened} onClose={onClose} title={title} closeButtonProps={{ "aria-label": t("action.close") }}>
      {children}
    </Modal>
  );
}

interface ModalFormProps {
  /** What is sent when the form is. */
  send: () => void;
  sending: { isPending: boolean; isError: boolean; error: unknown };
  onClose: () => void;
  /** The words of the button that sends. */
  command: string;
  danger?: boolean;
  disabled?: boolean;
  children: ReactNode;
}

export function ModalForm({ send, sending, onClose, command, danger, disabled, children }: ModalFormProps) {
  const { t } = useTranslation();
  const problemTitle = useProblemTitle();
  const problem = sending.isError ? asProblem(sending.error) : null;

  function submit(event: FormEvent) {
    event.preventDefault();
    send();
  }

  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        {problem && problem.status !== 401 ? (
          <Alert color="red" role="alert" title={problemTitle(problem)}>
            {[problem.detail, ...problem.fields.map((field) => field.message)].filter(Boolean).join(" ")}
          </Alert>
        ) : null}
        {children}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" color={danger ? "red.9" : undefined} loading={sending.isPending} disabled={disabled}>
            {command}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
