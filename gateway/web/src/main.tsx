import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "@fontsource-variable/figtree/wght.css";
import "@fontsource-variable/newsreader/wght.css";
import "./design/tokens.css";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { startSpeaking } from "./locales/i18n";
import { newRouter } from "./router";
import { Console } from "./shell/console";
import { newQueryClient } from "./shell/query-client";

const root = document.getElementById("root");
if (root) {
  await startSpeaking();
  const router = newRouter();
  createRoot(root).render(
    <StrictMode>
      <Console queryClient={newQueryClient()}>
        <RouterProvider router={router} />
      </Console>
    </StrictMode>,
  );
}
