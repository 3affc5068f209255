import { useTranslation } from "react-i18next";
import { Filters, StatusFilter } from "@/design/filters";
import { useListSearch } from "@/design/list-search";
import { Page } from "@/design/page";
import { MessagesTable } from "./messages-table";

const statuses = ["due", "in-flight", "accepted", "refused", "rejected", "unknown", "expired", "cancelled"];

export function MessagesPage() {
  const { t } = useTranslation();
  const [search, change] = useListSearch();
  return (
    <Page title={t("messages.title")} description={t("messages.description")}>
      <Filters>
        <StatusFilter
          label={t("messages.status")}
          group="message_status"
          statuses={statuses}
          value={search.status}
          onChange={(status) => change({ status })}
        />
      </Filters>
      <MessagesTable status={search.status} empty={search.status ? t("state.no_match") : t("messages.empty")} />
    </Page>
  );
}
