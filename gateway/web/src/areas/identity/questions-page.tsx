// What is open about which records are one person's, and what was decided.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useListSearch } from "@/design/list-search";
import { Page, PageTabs } from "@/design/page";
import { EmptyState, Loaded } from "@/design/states";
import { type Deciding, DecisionForm } from "./decision-form";
import { DecisionsList } from "./decisions-list";
import { decisionsQuery, questionsQuery } from "./identity";
import { More } from "./more";
import { QuestionCard } from "./question-card";

const step = 20;

export function QuestionsPage() {
  const { t } = useTranslation();
  const [search, change] = useListSearch();
  return (
    <Page
      title={t("identity.title")}
      description={t("identity.description")}
      parent={{ to: "/patients", title: t("patients.title") }}
    >
      <PageTabs
        label={t("identity.title")}
        tabs={[
          { key: "open", title: t("identity.open"), render: () => <Questions /> },
          { key: "decided", title: t("identity.decided"), render: () => <Decisions /> },
        ]}
        value={search.tab}
        onChange={(tab) => change({ tab })}
      />
    </Page>
  );
}

function Questions() {
  const { t } = useTranslation();
  const [limit, setLimit] = useState(step);
  const [deciding, setDeciding] = useState<Deciding | null>(null);
  const query = useQuery({ ...questionsQuery({ limit }), placeholderData: keepPreviousData });
  return (
    <Loaded query={query} lines={8}>
      {({ items, total }) => (
        <>
          {items.length === 0 ? <EmptyState>{t("identity.nothing_open")}</EmptyState> : null}
          {items.map((question) => (
            <QuestionCard
              key={`${question.kind} ${question.system} ${question.records.map((record) => record.id).join(" ")}`}
              question={question}
              onDecide={setDeciding}
            />
          ))}
          <More shown={items.length} total={total} onMore={() => setLimit((now) => now + step)} />
          <DecisionForm deciding={deciding} onClose={() => setDeciding(null)} />
        </>
      )}
    </Loaded>
  );
}

function Decisions() {
  const { t } = useTranslation();
  const [limit, setLimit] = useState(step);
  const query = useQuery({ ...decisionsQuery({ limit }), placeholderData: keepPreviousData });
  return (
    <Loaded query={query} lines={8}>
      {({ items, total }) => (
        <>
          {items.length === 0 ? (
            <EmptyState>{t("identity.nothing_decided")}</EmptyState>
          ) : (
            <DecisionsList decisions={items} />
          )}
          <More shown={items.length} total={total} onMore={() => setLimit((now) => now + step)} />
        </>
      )}
    </Loaded>
  );
}
