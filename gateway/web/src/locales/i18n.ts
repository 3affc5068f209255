// The languages of the console. English is in the first load; another language is fetched when it is chosen.

import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import en from "./en.json";

export const languages = { en: "English", es: "Español" } as const;
export type Language = keyof typeof languages;

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
  }
}

const rememberedAs = "outreach-language";

function isLanguage(tag: string | null | undefined): tag is Language {
  return tag !== null && tag !== undefined && tag in languages;
}

function wanted(): Language {
  const remembered = globalThis.localStorage?.getItem(rememberedAs);
  if (isLanguage(remembered)) {
    return remembered;
  }
  const spoken = globalThis.navigator?.languages ?? [];
  return spoken.map((tag) => tag.split("-")[0]).find(isLanguage) ?? "en";
}

export async function speak(language: Language): Promise<void> {
  if (language === "es" && !i18next.hasResourceBundle("es", "translation")) {
    const { default: es } = await import("./es.json");
    i18next.addResourceBundle("es", "translation", es);
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}

export async function choose(language: Language): Promise<void> {
  globalThis.localStorage?.setItem(rememberedAs, language);
  await speak(language);
}

export async function startSpeaking(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: "en",
    fallbackLng: "en",
    resources: { en: { translation: en } },
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  await speak(wanted());
}
