import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Consent } from "@/api/model";
import { type Column, DataTable } from "@/design/data-table";
import { Exactly } from "@/design/moment";
import { StatusPill } from "@/design/pill";
import { useWord } from "@/design/word";
import { useMay } from "@/shell/session";
import { ConsentForm } from "./consent-form";
import { consentsQuery } from "./patient";
import classes from "./patients.module.css";

export function ConsentTab({ id }: { id: string }) {
  const { t } = useTranslation();
  const may = useMay();
  const word = useWord();
  const [opened, form] = useDisclosure(false);
  const query = useQuery(consentsQuery(id));
  const columns = useMemo<Column<Consent>[]>(
    () => [
      {
        key: "decision",
        title: t("consent.decision"),
        cell: (consent) => <StatusPill group="consent_decision" status={consent.decision} />,
      },
      {
        key: "scope",
        title: t("consent.scope"),
        names: true,
        cell: (consent) =>
          [
            consent.medium ? word("medium", consent.medium) : t("consent.every_medium"),
            consent.purpose ? word("purpose", consent.purpose) : t("consent.every_purpose"),
            consent.list ? t("consent.of_list", { list: consent.list }) : null,
          ]
            .filter(Boolean)
            .join(" · "),
      },
      { key: "at", title: t("consent.at"), cell: (consent) => <Exactly at={consent.at} /> },
      { key: "through", title: t("consent.through"), cell: (consent) => word("consent_channel", consent.through) },
      { key: "evidence", title: t("consent.evidence"), cell: (consent) => consent.evidence },
    ],
    [t, word],
  );
  return (
    <>
      <div className={classes.tabBar}>
        <p className={classes.quiet}>{t("consent.note")}</p>
        {may("record-consent") ? <Button onClick={form.open}>{t("consent.record")}</Button> : null}
      </div>
      <DataTable
        caption={t("patient.consent")}
        columns={columns}
        rows={query.data?.items}
        rowKey={(consent) => consent.id}
        error={query.error}
        onRetry={() => query.refetch()}
        empty={t("consent.empty")}
      />
      <ConsentForm id={id} opened={opened} onClose={form.close} />
    </>
  );
}
