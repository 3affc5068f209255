// Pause, resume and stop, each asked about first: people are on their way.

import { Alert, Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconPlayerPause, IconPlayerPlay, IconPlayerStop } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { JourneyRecord } from "@/api/model";
import { asProblem } from "@/api/problem";
import { Confirm } from "@/design/confirm";
import { useFormat } from "@/design/format";
import { useProblemTitle } from "@/design/states";
import { type JourneyCommand, useJourneyCommand } from "./journey";

const icons = { live: IconPlayerPlay, paused: IconPlayerPause, stopped: IconPlayerStop };

/** What may follow each status. */
const following: Record<string, JourneyCommand[]> = {
  draft: ["live"],
  live: ["paused", "stopped"],
  paused: ["live", "stopped"],
};

export function JourneyCommands({ journey }: { journey: JourneyRecord }) {
  const { t } = useTranslation();
  const format = useFormat();
  const problemTitle = useProblemTitle();
  const [asked, setAsked] = useState<JourneyCommand | null>(null);
  const [shown, setShown] = useState<JourneyCommand>("paused");
  const command = useJourneyCommand(journey.id, () => {
    notifications.show({ message: t(`journey.done_${shown}`) });
    setAsked(null);
  });
  const problem = command.isError ? asProblem(command.error) : null;

  function ask(next: JourneyCommand) {
    command.reset();
    setShown(next);
    setAsked(next);
  }

  const name = (next: JourneyCommand) =>
    next === "live" && journey.status === "draft" ? t("journey.start") : t(`journey.do_${next}`);

  return (
    <>
      {(following[journey.status] ?? []).map((next) => {
        const Icon = icons[next];
        return (
          <Button
            key={next}
            variant={next === "live" ? "filled" : "default"}
            leftSection={<Icon size={16} stroke={1.5} aria-hidden />}
            onClick={() => ask(next)}
          >
            {name(next)}
          </Button>
        );
      })}
      <Confirm
        opened={asked !== null}
        title={t(`journey.ask_${shown}`, { title: journey.title })}
        action={name(shown)}
        danger={shown === "stopped"}
        busy={command.isPending}
        onConfirm={() => command.mutate(shown)}
        onClose={() => setAsked(null)}
      >
        {problem && problem.status !== 401 ? (
          <Alert color="red" role="alert" mb="md" title={problemTitle(problem)}>
            {problem.detail}
          </Alert>
        ) : null}
        {t(`journey.means_${shown}`, { count: journey.inside, people: format.number(journey.inside) })}
      </Confirm>
    </>
  );
}
