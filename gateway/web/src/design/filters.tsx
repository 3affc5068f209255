// Search and filter chips above a list. The search waits until typing rests, then goes into the URL.

import { Chip, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import classes from "./filters.module.css";
import { useWord } from "./word";

const restMilliseconds = 250;

export function SearchField({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string | undefined;
  onChange: (text: string | undefined) => void;
}) {
  const [typed, setTyped] = useState(value ?? "");
  const told = useRef(value ?? "");

  useEffect(() => {
    if ((value ?? "") !== told.current) {
      told.current = value ?? "";
      setTyped(value ?? "");
    }
  }, [value]);

  useEffect(() => {
    if (typed === told.current) {
      return;
    }
    const rest = setTimeout(() => {
      told.current = typed;
      onChange(typed.trim() || undefined);
    }, restMilliseconds);
    return () => clearTimeout(rest);
  }, [typed, onChange]);

  return (
    <TextInput
      className={classes.search}
      type="search"
      aria-label={label}
      placeholder={label}
      leftSection={<IconSearch size={16} stroke={1.5} aria-hidden />}
      value={typed}
      maxLength={200}
      onChange={(event) => setTyped(event.currentTarget.value)}
    />
  );
}

export function StatusFilter({
  label,
  group,
  statuses,
  value,
  onChange,
}: {
  label: string;
  group: string;
  statuses: string[];
  value: string | undefined;
  onChange: (status: string | undefined) => void;
}) {
  const { t } = useTranslation();
  const word = useWord();
  return (
    <fieldset className={classes.chips}>
      <legend className={classes.legend}>{label}</legend>
      <Chip.Group value={value ?? ""} onChange={(status) => onChange((status as string) || undefined)}>
        <Chip value="" size="xs" variant="outline">
          {t("filter.all")}
        </Chip>
        {statuses.map((status) => (
          <Chip key={status} value={status} size="xs" variant="outline">
            {word(group, status)}
          </Chip>
        ))}
      </Chip.Group>
    </fieldset>
  );
}

export function Filters({ children }: { children: React.ReactNode }) {
  return <div className={classes.bar}>{children}</div>;
}
