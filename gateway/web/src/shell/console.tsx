// Everything around the pages: the look, the questions to the gateway, notices, and the session.

import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { type QueryClient, QueryClientProvider } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { theme } from "@/design/theme";
import { SessionGate } from "./session-gate";

export function Console({ queryClient, children }: { queryClient: QueryClient; children: ReactNode }) {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <QueryClientProvider client={queryClient}>
        <Notices />
        <SessionGate>{children}</SessionGate>
      </QueryClientProvider>
    </MantineProvider>
  );
}

/** Short notices of what was done. A landmark of its own, so that a screen reader finds them. */
function Notices() {
  const { t } = useTranslation();
  return (
    <section aria-label={t("state.notices")}>
      <Notifications position="bottom-right" withinPortal={false} />
    </section>
  );
}
