import { Alert, Button, Group, Modal, PasswordInput, Select, Stack, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/problem";
import { useProblemTitle } from "@/design/states";
import { useWord } from "@/design/word";
import { roles, useAddUser } from "./user";

export function AddUser({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t("users.add")}
      closeButtonProps={{ "aria-label": t("action.close") }}
    >
      <Form onClose={onClose} />
    </Modal>
  );
}

function Form({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const word = useWord();
  const problemTitle = useProblemTitle();
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [role, setRole] = useState("coordinator");
  const [password, setPassword] = useState("");
  const add = useAddUser(() => {
    notifications.show({ message: t("users.added", { name }) });
    onClose();
  });
  const problem = add.isError ? asProblem(add.error) : null;
  const fieldError = (field: string) => problem?.fields.find((each) => each.path.endsWith(field))?.message;

  function submit(event: FormEvent) {
    event.preventDefault();
    add.mutate({ name: name.trim(), email: email.trim(), role, password } as Parameters<typeof add.mutate>[0]);
  }

  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        {problem && problem.status !== 401 ? (
          <Alert color="red" role="alert" title={problemTitle(problem)}>
            {problem.detail}
          </Alert>
        ) : null}
        <TextInput
          label={t("users.name")}
          autoComplete="off"
          error={fieldError("name")}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TextInput
          label={t("users.email")}
          type="email"
          autoComplete="off"
          error={fieldError("email")}
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <Select
          label={t("users.role")}
          description={word("role_meaning", role)}
          data={roles.map((value) => ({ value, label: word("role", value) }))}
          error={fieldError("role")}
          value={role}
          onChange={(value) => setRole(value ?? role)}
        />
        <PasswordInput
          label={t("users.password")}
          autoComplete="new-password"
          error={fieldError("password")}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          visibilityToggleButtonProps={{ "aria-label": t("session.show_password"), tabIndex: 0 }}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("action.cancel")}
          </Button>
          <Button type="submit" loading={add.isPending} disabled={!name.trim() || !email.trim() || !password}>
            {t("users.add")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
