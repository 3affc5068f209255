// Everything around the pages: the look, the questions to the gateway, notices, and the session.

import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { type QueryClient, QueryClientProvider } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { theme } from "@/design/theme";
import { SessionGate } from "./session-gate";

export function Console({ queryClient, children }: { queryClient: QueryClient; children: ReactNode }) {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <QueryClientProvider client={queryClient}>
        <Notifications position="bottom-right" />
        <SessionGate>{children}</SessionGate>
      </QueryClientProvider>
    </MantineProvider>
  );
}
