import { Button, Group, Select } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { notifications } from "@mantine/notifications";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { User } from "@/api/model";
import { asProblem } from "@/api/problem";
import { Confirm } from "@/design/confirm";
import { type Column, DataTable } from "@/design/data-table";
import { useFormat } from "@/design/format";
import { pageOf, pageSearch, useListSearch } from "@/design/list-search";
import { Page } from "@/design/page";
import { Pill } from "@/design/pill";
import { useProblemTitle } from "@/design/states";
import { useWord } from "@/design/word";
import { useSession } from "@/shell/session";
import { AddUser } from "./add-user";
import { roles, useChangeUser, usersQuery } from "./user";

export function UsersPage() {
  const { t } = useTranslation();
  const format = useFormat();
  const [opened, form] = useDisclosure(false);
  const [search, change] = useListSearch();
  const page = pageOf(search);
  const query = useQuery({ ...usersQuery(page), placeholderData: keepPreviousData });
  const columns = useMemo<Column<User>[]>(
    () => [
      { key: "name", title: t("users.name"), names: true, cell: (user) => user.name },
      { key: "email", title: t("users.email"), cell: (user) => user.email },
      { key: "role", title: t("users.role"), cell: (user) => <RoleChoice user={user} /> },
      {
        key: "state",
        title: t("users.state"),
        cell: (user) => (
          <Pill tone={user.disabled ? "plain" : "good"}>{user.disabled ? t("users.disabled") : t("users.active")}</Pill>
        ),
      },
      { key: "created", title: t("users.created"), tight: true, cell: (user) => format.date(user.created_at) },
      { key: "action", title: t("users.action"), cell: (user) => <Disable user={user} /> },
    ],
    [t, format],
  );
  return (
    <Page
      title={t("users.title")}
      description={t("users.description")}
      actions={<Button onClick={form.open}>{t("users.add")}</Button>}
    >
      <DataTable
        caption={t("users.title")}
        columns={columns}
        rows={query.data?.items}
        rowKey={(user) => user.id}
        total={query.data?.total}
        paging={{ ...page, onChange: (next) => change(pageSearch(next)) }}
        error={query.error}
        onRetry={() => query.refetch()}
        empty={t("users.empty")}
      />
      <AddUser opened={opened} onClose={form.close} />
    </Page>
  );
}

function useShowProblem(): (error: unknown) => void {
  const problemTitle = useProblemTitle();
  return (error) => {
    const problem = asProblem(error);
    if (problem.status !== 401) {
      notifications.show({ color: "red", title: problemTitle(error), message: problem.detail ?? "" });
    }
  };
}

function RoleChoice({ user }: { user: User }) {
  const { t } = useTranslation();
  const word = useWord();
  const session = useSession();
  const showProblem = useShowProblem();
  const change = useChangeUser(user.id);
  // Nobody takes the own rights away by a slip; another administrator can.
  if (session.user.id === user.id) {
    return word("role", user.role);
  }
  return (
    <Select
      size="xs"
      aria-label={t("users.role_of", { name: user.name })}
      data={roles.map((value) => ({ value, label: word("role", value) }))}
      value={user.role}
      disabled={change.isPending}
      onChange={(role) => {
        if (role && role !== user.role) {
          change.mutate({ role } as Parameters<typeof change.mutate>[0], { onError: showProblem });
        }
      }}
    />
  );
}

function Disable({ user }: { user: User }) {
  const { t } = useTranslation();
  const session = useSession();
  const showProblem = useShowProblem();
  const change = useChangeUser(user.id);
  const [asked, setAsked] = useState(false);
  if (session.user.id === user.id) {
    return null;
  }
  const set = (disabled: boolean) =>
    change.mutate({ disabled } as Parameters<typeof change.mutate>[0], {
      onError: showProblem,
      onSettled: () => setAsked(false),
    });
  return (
    <Group>
      <Button size="xs" variant="default" onClick={() => (user.disabled ? set(false) : setAsked(true))}>
        {user.disabled ? t("users.enable") : t("users.disable")}
      </Button>
      <Confirm
        opened={asked}
        title={t("users.ask_disable", { name: user.name })}
        action={t("users.disable")}
        danger
        busy={change.isPending}
        onConfirm={() => set(true)}
        onClose={() => setAsked(false)}
      >
        {t("users.means_disable")}
      </Confirm>
    </Group>
  );
}
