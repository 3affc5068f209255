import { PasswordInput, Select, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/problem";
import { Dialog } from "@/design/dialog";
import { DialogForm } from "@/design/dialog-form";
import { useWord } from "@/design/word";
import { roles, useAddUser } from "./user";

export function AddUser({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog opened={opened} onClose={onClose} title={t("users.add")}>
      <Form onClose={onClose} />
    </Dialog>
  );
}

function Form({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const word = useWord();
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

  function send() {
    add.mutate({ name: name.trim(), email: email.trim(), role, password } as Parameters<typeof add.mutate>[0]);
  }

  return (
    <DialogForm
      send={send}
      sending={add}
      onClose={onClose}
      command={t("users.add")}
      disabled={!name.trim() || !email.trim() || !password}
      fieldsTell
    >
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
    </DialogForm>
  );
}
