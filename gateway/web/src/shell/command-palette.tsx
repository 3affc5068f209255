// Goes anywhere by typing: the areas, and patients by name.

import "@mantine/spotlight/styles.css";
import { useDebouncedValue } from "@mantine/hooks";
import { createSpotlight, Spotlight } from "@mantine/spotlight";
import { IconSearch, IconUser } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { patientsQuery } from "@/areas/patients/patient";
import { useFormat } from "@/design/format";
import { allowedAreas } from "./areas";
import { useMay } from "./session";

const [store, spotlight] = createSpotlight();
const shortestName = 2;

export default function CommandPalette({ asked }: { asked: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const navigate = useNavigate();
  const may = useMay();
  const [typed, setTyped] = useState("");
  const [name] = useDebouncedValue(typed.trim(), 200);
  const patients = useQuery({
    ...patientsQuery({ q: name, limit: 6 }),
    enabled: may("read-patients") && name.length >= shortestName,
    placeholderData: keepPreviousData,
  });

  useEffect(() => {
    if (asked > 0) {
      spotlight.open();
    }
  }, [asked]);

  const wanted = typed.trim().toLowerCase();
  const areas = allowedAreas(may).filter((area) => t(`${area.key}.title`).toLowerCase().includes(wanted));
  const found = name.length >= shortestName ? (patients.data?.items ?? []) : [];

  return (
    <Spotlight.Root store={store} query={typed} onQueryChange={setTyped} shortcut={null} scrollable maxHeight={420}>
      <Spotlight.Search
        placeholder={t("palette.placeholder")}
        aria-label={t("palette.placeholder")}
        leftSection={<IconSearch size={18} stroke={1.5} aria-hidden />}
      />
      <Spotlight.ActionsList>
        {areas.length > 0 ? (
          <Spotlight.ActionsGroup label={t("rail.areas")}>
            {areas.map((area) => (
              <Spotlight.Action
                key={area.key}
                label={t(`${area.key}.title`)}
                leftSection={<area.icon size={18} stroke={1.5} aria-hidden />}
                onClick={() => void navigate({ to: area.to })}
              />
            ))}
          </Spotlight.ActionsGroup>
        ) : null}
        {found.length > 0 ? (
          <Spotlight.ActionsGroup label={t("patients.title")}>
            {found.map((patient) => (
              <Spotlight.Action
                key={patient.id}
                label={patient.name}
                description={format.date(patient.birth_date)}
                leftSection={<IconUser size={18} stroke={1.5} aria-hidden />}
                onClick={() => void navigate({ to: "/patients/$id", params: { id: patient.id } })}
              />
            ))}
          </Spotlight.ActionsGroup>
        ) : null}
        {areas.length + found.length === 0 ? <Spotlight.Empty>{t("palette.nothing")}</Spotlight.Empty> : null}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}
