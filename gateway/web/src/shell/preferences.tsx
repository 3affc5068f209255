// What a user chooses for this browser: language, and light or dark.

import { Menu, SegmentedControl, useMantineColorScheme } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { choose, type Language, languages } from "@/locales/i18n";

const schemes = ["auto", "light", "dark"] as const;

export function LanguageChoice() {
  const { t, i18n } = useTranslation();
  return (
    <SegmentedControl
      size="xs"
      aria-label={t("preferences.language")}
      value={i18n.language}
      onChange={(language) => void choose(language as Language)}
      data={Object.entries(languages).map(([value, label]) => ({ value, label: <span lang={value}>{label}</span> }))}
    />
  );
}

/** The same choices as items of a menu. */
export function PreferenceItems() {
  const { t, i18n } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const check = (chosen: boolean) => (chosen ? <IconCheck size={14} aria-hidden /> : <span />);
  return (
    <>
      <Menu.Label>{t("preferences.scheme")}</Menu.Label>
      {schemes.map((scheme) => (
        <Menu.Item
          key={scheme}
          role="menuitemradio"
          aria-checked={scheme === colorScheme}
          rightSection={check(scheme === colorScheme)}
          onClick={() => setColorScheme(scheme)}
        >
          {t(`preferences.${scheme}`)}
        </Menu.Item>
      ))}
      <Menu.Label>{t("preferences.language")}</Menu.Label>
      {Object.entries(languages).map(([language, name]) => (
        <Menu.Item
          key={language}
          lang={language}
          role="menuitemradio"
          aria-checked={language === i18n.language}
          rightSection={check(language === i18n.language)}
          onClick={() => void choose(language as Language)}
        >
          {name}
        </Menu.Item>
      ))}
    </>
  );
}
