// Shows the console to who is signed in. When a session ends under way, the page stays as it is, with everything typed on it,
// and a dialog asks to sign in again.

import { Modal } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { sessionEnded } from "@/api/client";
import type { Session } from "@/api/model";
import { ProblemState } from "@/design/states";
import { SessionContext, sessionQuery } from "./session";
import { SignInForm, SignInPage } from "./sign-in";

export function SessionGate({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { data: session, isError, error, refetch } = useQuery(sessionQuery);
  const [ended, setEnded] = useState(false);

  useEffect(() => {
    const hear = () => setEnded(true);
    sessionEnded.addEventListener("ended", hear);
    return () => sessionEnded.removeEventListener("ended", hear);
  }, []);

  function begin(next: Session) {
    const sameUser = session?.user.id === next.user.id;
    if (session && !sameUser) {
      client.removeQueries({ predicate: (query) => query.queryKey[0] !== "session" });
    }
    client.setQueryData(sessionQuery.queryKey, next);
    setEnded(false);
    if (sameUser) {
      void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== "session" });
    }
  }

  if (session === undefined) {
    return isError ? (
      <main>
        <ProblemState error={error} onRetry={() => refetch()} />
      </main>
    ) : null;
  }
  if (session === null) {
    return <SignInPage onSignedIn={begin} />;
  }
  return (
    <SessionContext value={session}>
      {/* Another user's pages begin anew: nothing of the last one stays on the screen. */}
      <div key={session.user.id}>{children}</div>
      <Modal
        opened={ended}
        onClose={() => {}}
        withCloseButton={false}
        closeOnEscape={false}
        closeOnClickOutside={false}
        title={t("session.ended_title")}
      >
        <p style={{ marginTop: 0 }}>{t("session.ended")}</p>
        <SignInForm email={session.user.email} onSignedIn={begin} />
      </Modal>
    </SessionContext>
  );
}
