// The form of a dialog: what the gateway had against it on top, its commands at the end.

import { Alert, Button, Group, Stack } from "@mantine/core";
import type { FormEvent, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/problem";
import { useProblemTitle } from "./states";

interface DialogFormProps {
  /** What is done when the form is sent. */
  send: () => void;
  sending: { isPending: boolean; isError: boolean; error: unknown };
  onClose: () => void;
  /** The words of the button that sends. */
  command: string;
  danger?: boolean;
  disabled?: boolean;
  /** Each field says itself what is wrong with it. */
  fieldsTell?: boolean;
  children: ReactNode;
}

export function DialogForm({
  send,
  sending,
  onClose,
  command,
  danger,
  disabled,
  fieldsTell,
  children,
}: DialogFormProps) {
  const { t } = useTranslation();
  const problemTitle = useProblemTitle();
  const problem = sending.isError ? asProblem(sending.error) : null;
  const ofFields = fieldsTell ? [] : (problem?.fields ?? []).map((field) => field.message);

  function submit(event: FormEvent) {
    event.preventDefault();
    send();
  }

  return (
    <form onSubmit={submit} noValidate={fieldsTell}>
      <Stack gap="md">
        {problem && problem.status !== 401 ? (
          <Alert color="red" role="alert" title={problemTitle(problem)}>
            {[problem.detail, ...ofFields].filter(Boolean).join(" ")}
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
