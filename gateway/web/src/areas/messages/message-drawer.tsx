import { Drawer } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Message } from "@/api/model";
import { useFormat } from "@/design/format";
import { Exactly } from "@/design/moment";
import { FactSheet } from "@/design/page";
import { StatusPill } from "@/design/pill";
import { Loaded } from "@/design/states";
import { useWord } from "@/design/word";
import { messageQuery } from "./message";
import classes from "./messages.module.css";
import { WhyText } from "./messages-table";

export function MessageDrawer({ id, onClose }: { id: string | undefined; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Drawer
      opened={id !== undefined}
      onClose={onClose}
      title={t("messages.message")}
      closeButtonProps={{ "aria-label": t("action.close") }}
    >
      {id ? <MessageRecord id={id} /> : null}
    </Drawer>
  );
}

function MessageRecord({ id }: { id: string }) {
  const query = useQuery(messageQuery(id));
  return <Loaded query={query}>{(message) => <Facts message={message} />}</Loaded>;
}

function Facts({ message }: { message: Message }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  return (
    <>
      <p className={classes.subject}>{message.subject ?? word("template", message.template)}</p>
      <p className={classes.verdict}>
        <StatusPill group="message_status" status={message.status} />
        {message.reason_text || message.reason ? <WhyText message={message} /> : null}
      </p>
      <p className={classes.meaning}>{word("message_meaning", message.status)}</p>
      <FactSheet
        facts={[
          [
            t("messages.patient"),
            <Link key="patient" to="/patients/$id" params={{ id: message.patient.id }}>
              {message.patient.name}
            </Link>,
          ],
          [
            t("messages.journey"),
            <Link key="journey" to="/journeys/$id" params={{ id: message.journey.id }}>
              {message.journey.title}
            </Link>,
          ],
          [t("messages.step"), word("step", message.step)],
          [t("messages.medium"), word("medium", message.medium)],
          [t("messages.purpose"), word("purpose", message.purpose)],
          [t("messages.template"), message.template],
          [t("messages.language"), message.language ? format.language(message.language) : null],
          [t("messages.created"), <Exactly key="created" at={message.created_at} />],
          [t("messages.due"), <Exactly key="due" at={message.due_at} />],
          [t("messages.sent"), message.sent_at ? <Exactly key="sent" at={message.sent_at} /> : null],
          [t("messages.expires"), message.expires_at ? <Exactly key="expires" at={message.expires_at} /> : null],
          [t("messages.tries"), format.number(message.tries)],
          [t("messages.id"), <code key="id">{message.id}</code>],
        ]}
      />
    </>
  );
}
