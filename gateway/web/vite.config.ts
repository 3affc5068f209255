import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const gateway = "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  server: { host: "127.0.0.1", proxy: { "/api": gateway, "/p": gateway } },
  preview: { host: "127.0.0.1", proxy: { "/api": gateway, "/p": gateway } },
  build: {
    target: "es2022",
    manifest: true,
    // Inlined assets would need `data:` in the content security policy of the gateway.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: {
    environment: "happy-dom",
    setupFiles: ["./src/testing/setup.ts"],
    environmentOptions: { happyDOM: { url: "http://localhost:3000/" } },
    css: false,
    restoreMocks: true,
    testTimeout: 30_000,
  },
});
