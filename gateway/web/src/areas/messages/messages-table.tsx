// Messages with what became of them and why; of everybody, of one person, or of one journey.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Message } from "@/api/model";
import { type Column, DataTable } from "@/design/data-table";
import { pageOf, pageSearch, useListSearch } from "@/design/list-search";
import { Moment } from "@/design/moment";
import { StatusPill } from "@/design/pill";
import { useWord } from "@/design/word";
import { messagesQuery } from "./message";
import { MessageDrawer } from "./message-drawer";
import classes from "./messages.module.css";

interface MessagesTableProps {
  status?: string;
  patient?: string;
  journey?: string;
  empty: string;
}

export function MessagesTable({ status, patient, journey, empty }: MessagesTableProps) {
  const { t } = useTranslation();
  const word = useWord();
  const [search, change] = useListSearch();
  const page = pageOf(search);
  const query = useQuery({
    ...messagesQuery({ status, patient, journey, ...page }),
    placeholderData: keepPreviousData,
  });
  const columns = useMemo<Column<Message>[]>(() => {
    const all: (Column<Message> | false)[] = [
      {
        key: "message",
        title: t("messages.message"),
        names: true,
        cell: (message) => (
          <button type="button" className={classes.open} onClick={() => change({ message: message.id })}>
            {message.subject ?? word("template", message.template)}
          </button>
        ),
      },
      !patient && {
        key: "patient",
        title: t("messages.patient"),
        cell: (message) => (
          <Link to="/patients/$id" params={{ id: message.patient.id }}>
            {message.patient.name}
          </Link>
        ),
      },
      {
        key: "status",
        title: t("messages.status"),
        cell: (message) => (
          <span className={classes.status}>
            <StatusPill group="message_status" status={message.status} />
            {message.reason_text || message.reason ? <WhyText message={message} /> : null}
          </span>
        ),
      },
      !journey && {
        key: "journey",
        title: t("messages.journey"),
        cell: (message) => (
          <Link to="/journeys/$id" params={{ id: message.journey.id }}>
            {message.journey.title}
          </Link>
        ),
      },
      { key: "step", title: t("messages.step"), cell: (message) => word("step", message.step) },
      {
        key: "when",
        title: t("messages.when"),
        cell: (message) => <Moment at={message.sent_at ?? message.due_at} />,
      },
    ];
    return all.filter((column) => column !== false);
  }, [t, word, change, patient, journey]);
  return (
    <>
      <DataTable
        caption={t("messages.title")}
        columns={columns}
        rows={query.data?.items}
        rowKey={(message) => message.id}
        total={query.data?.total}
        paging={{ ...page, onChange: (next) => change(pageSearch(next)) }}
        error={query.error}
        onRetry={() => query.refetch()}
        stale={query.isPlaceholderData}
        empty={empty}
      />
      <MessageDrawer id={search.message} onClose={() => change({ message: undefined })} />
    </>
  );
}

/** Why a message is held or was not sent: in the user's language where the console knows the reason, else as the gateway says it. */
export function WhyText({ message }: { message: Message }) {
  const { i18n } = useTranslation();
  const word = useWord();
  const reason = message.reason ?? "";
  const known = i18n.exists(`gate_reason.${reason}`);
  return (
    <span className={classes.why}>
      {known ? word("gate_reason", reason) : (message.reason_text ?? word("gate_reason", reason))}
    </span>
  );
}
