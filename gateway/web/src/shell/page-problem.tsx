import { useTranslation } from "react-i18next";
import { Page } from "@/design/page";
import { EmptyState, ProblemState } from "@/design/states";

export function NotFound() {
  const { t } = useTranslation();
  return (
    <Page title={t("problem.not_found_title")}>
      <EmptyState>{t("problem.not_found")}</EmptyState>
    </Page>
  );
}

export function PageProblem({ error, reset }: { error: unknown; reset: () => void }) {
  return (
    <main>
      <ProblemState error={error} onRetry={reset} />
    </main>
  );
}
