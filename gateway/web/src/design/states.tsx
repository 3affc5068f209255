// What a page shows when it has nothing to show yet: loading, empty, or a problem.

import { Button, Skeleton } from "@mantine/core";
import { IconAlertTriangle, IconLeaf } from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { asProblem } from "@/api/problem";
import classes from "./states.module.css";

/** What a problem is called, in the user's language where the gateway gave no title. */
export function useProblemTitle(): (error: unknown) => string {
  const { t } = useTranslation();
  return (error) => {
    const problem = asProblem(error);
    if (problem.title) {
      return problem.title;
    }
    return problem.status === 0 ? t("problem.unreachable") : t("problem.unexpected");
  };
}

export function ProblemState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation();
  const title = useProblemTitle();
  const problem = asProblem(error);
  return (
    <div className={classes.state} role="alert">
      <IconAlertTriangle className={classes.problemIcon} size={28} stroke={1.5} aria-hidden />
      <p className={classes.title}>{title(error)}</p>
      {problem.detail ? <p className={classes.detail}>{problem.detail}</p> : null}
      {problem.requestId ? (
        <p className={classes.detail}>
          {t("problem.request")} <code>{problem.requestId}</code>
        </p>
      ) : null}
      {onRetry ? (
        <Button variant="default" onClick={onRetry}>
          {t("problem.retry")}
        </Button>
      ) : null}
    </div>
  );
}

export function EmptyState({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <div className={classes.state}>
      <IconLeaf className={classes.emptyIcon} size={28} stroke={1.25} aria-hidden />
      <p className={classes.detail}>{children}</p>
      {action}
    </div>
  );
}

export function LoadingState({ lines = 5 }: { lines?: number }) {
  const { t } = useTranslation();
  return (
    <div className={classes.loading} role="status" aria-busy="true">
      <span className={classes.spoken}>{t("state.loading")}</span>
      {Array.from({ length: lines }, (_, line) => `line-${line}`).map((line, index) => (
        <Skeleton key={line} height={14} width={`${92 - ((index * 17) % 40)}%`} radius="sm" aria-hidden />
      ))}
    </div>
  );
}

/** Shows what a query brought, or how it stands. Old data stays in sight while a new question fails. */
export function Loaded<Data>({
  query,
  children,
  lines,
}: {
  query: UseQueryResult<Data>;
  children: (data: Data) => ReactNode;
  lines?: number;
}) {
  if (query.data !== undefined) {
    return children(query.data);
  }
  if (query.isError) {
    return <ProblemState error={query.error} onRetry={() => query.refetch()} />;
  }
  return <LoadingState lines={lines} />;
}
