// What a patient told staff: that they do not want to be written to, or that they do again.

import { Radio, Select, Stack, Textarea } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { NewConsent } from "@/api/model";
import { Dialog } from "@/design/dialog";
import { DialogForm } from "@/design/dialog-form";
import { useWord } from "@/design/word";
import { subscriptionListsQuery, useRecordConsent } from "./patient";

const every = "every";
const purposes = ["treatment", "operations", "marketing"];
const media = ["email"];

export function ConsentForm({ id, opened, onClose }: { id: string; opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog opened={opened} onClose={onClose} title={t("consent.record")}>
      <Form id={id} onClose={onClose} />
    </Dialog>
  );
}

function Form({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation();
  const word = useWord();
  const lists = useQuery(subscriptionListsQuery);
  const [decision, setDecision] = useState("deny");
  const [medium, setMedium] = useState(every);
  const [purpose, setPurpose] = useState(every);
  const [list, setList] = useState(every);
  const [note, setNote] = useState("");
  const record = useRecordConsent(id, () => {
    notifications.show({ message: t("consent.recorded") });
    onClose();
  });
  const scope = (value: string) => (value === every ? null : value);

  function send() {
    const body = {
      decision,
      medium: scope(medium),
      purpose: scope(purpose),
      list: scope(list),
      note: note.trim() || null,
    };
    record.mutate(body as NewConsent);
  }

  return (
    <DialogForm
      send={send}
      sending={record}
      onClose={onClose}
      command={decision === "deny" ? t("consent.record_deny") : t("consent.record_permit")}
    >
      <Radio.Group label={t("consent.decision")} value={decision} onChange={setDecision}>
        <Stack gap="xs" mt={4}>
          <Radio value="deny" label={t("consent.deny")} />
          <Radio value="permit" label={t("consent.permit")} />
        </Stack>
      </Radio.Group>
      <Select
        label={t("consent.medium")}
        value={medium}
        onChange={(value) => setMedium(value ?? every)}
        data={[
          { value: every, label: t("consent.every_medium") },
          ...media.map((value) => ({ value, label: word("medium", value) })),
        ]}
      />
      <Select
        label={t("consent.purpose")}
        value={purpose}
        onChange={(value) => setPurpose(value ?? every)}
        data={[
          { value: every, label: t("consent.every_purpose") },
          ...purposes.map((value) => ({ value, label: word("purpose", value) })),
        ]}
      />
      {lists.data && lists.data.items.length > 0 ? (
        <Select
          label={t("consent.list")}
          value={list}
          onChange={(value) => setList(value ?? every)}
          data={[
            { value: every, label: t("consent.every_list") },
            ...lists.data.items.map((each) => ({ value: each.key, label: each.title })),
          ]}
        />
      ) : null}
      <Textarea
        label={t("consent.evidence_note")}
        description={t("consent.evidence_hint")}
        rows={3}
        maxLength={500}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
    </DialogForm>
  );
}
