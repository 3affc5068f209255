import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/react";
import { afterAll, afterEach, beforeAll } from "vitest";
import { speak, startSpeaking } from "@/locales/i18n";
import { gateway } from "./gateway";

// A busy machine is no failure: what is waited for may take a while.
configure({ asyncUtilTimeout: 8_000 });

// happy-dom has no layout: what Mantine asks of it is answered in the simplest way.
globalThis.ResizeObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
};

beforeAll(async () => {
  gateway.listen({ onUnhandledRequest: "error" });
  await startSpeaking();
});

afterEach(async () => {
  cleanup();
  gateway.resetHandlers();
  await speak("en");
});

afterAll(() => gateway.close());
