// Why lines are in the quarantine, how many for each reason, and for who runs the sources what can be done about it.

import { Button, Group } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { QuarantineReason } from "@/api/model";
import { asProblem } from "@/api/problem";
import { type Column, DataTable } from "@/design/data-table";
import { useFormat } from "@/design/format";
import { useProblemTitle } from "@/design/states";
import { useMay } from "@/shell/session";
import { quarantineReasonsQuery, useSettle } from "./source";

export function QuarantineReasons({ source }: { source: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const may = useMay();
  const mayManage = may("manage-sources");
  const query = useQuery(quarantineReasonsQuery(source));
  const columns = useMemo<Column<QuarantineReason>[]>(() => {
    const all: (Column<QuarantineReason> | false)[] = [
      { key: "reason", title: t("quarantine.reason"), names: true, cell: (row) => row.reason },
      { key: "count", title: t("quarantine.count"), numeric: true, cell: (row) => format.number(row.count) },
      mayManage && {
        key: "settle",
        title: t("quarantine.settle"),
        cell: (row) => <Settle source={source} reason={row.reason} />,
      },
    ];
    return all.filter((column) => column !== false);
  }, [t, format, mayManage, source]);
  const open = query.data?.items.filter((row) => row.status === "open");
  if (open?.length === 0) {
    return null;
  }
  return (
    <DataTable
      caption={t("quarantine.reasons")}
      columns={columns}
      rows={open}
      rowKey={(row) => row.reason}
      error={query.error}
      onRetry={() => query.refetch()}
      empty={t("quarantine.empty")}
    />
  );
}

function Settle({ source, reason }: { source: string; reason: string }) {
  const { t } = useTranslation();
  const problemTitle = useProblemTitle();
  const { replay, dismiss } = useSettle(source);
  const onError = (error: unknown) => {
    if (asProblem(error).status !== 401) {
      notifications.show({ color: "red", title: problemTitle(error), message: asProblem(error).detail ?? "" });
    }
  };
  return (
    <Group gap="xs">
      <Button
        size="xs"
        variant="default"
        aria-label={`${t("quarantine.replay")}: ${reason}`}
        loading={replay.isPending}
        onClick={() =>
          replay.mutate(reason, {
            onSuccess: (came) =>
              notifications.show({
                message: t("quarantine.replayed", {
                  read: came.replayed,
                  unread: came.still_unreadable + came.not_whole,
                }),
              }),
            onError,
          })
        }
      >
        {t("quarantine.replay")}
      </Button>
      <Button
        size="xs"
        variant="subtle"
        aria-label={`${t("quarantine.dismiss")}: ${reason}`}
        loading={dismiss.isPending}
        onClick={() =>
          dismiss.mutate(reason, {
            onSuccess: (came) => notifications.show({ message: t("quarantine.dismissed", { count: came.dismissed }) }),
            onError,
          })
        }
      >
        {t("quarantine.dismiss")}
      </Button>
    </Group>
  );
}
