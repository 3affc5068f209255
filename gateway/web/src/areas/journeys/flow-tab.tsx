// The flow as a list from top to bottom: each step, how many people are at it, and where it leads.

import {
  IconArrowsSplit2,
  IconChecklist,
  IconCircleDot,
  IconClockHour4,
  IconDoorExit,
  IconEar,
  IconMail,
  type TablerIcon,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { JourneyRecord } from "@/api/model";
import { useFormat } from "@/design/format";
import { Document, Section } from "@/design/page";
import { EmptyState } from "@/design/states";
import { useWord } from "@/design/word";
import classes from "./journeys.module.css";
import { type OutlineStep, outlineOf } from "./outline";

const icons: Record<string, TablerIcon> = {
  send: IconMail,
  task: IconChecklist,
  wait: IconClockHour4,
  wait_for: IconEar,
  branch: IconArrowsSplit2,
  exit: IconDoorExit,
};

export function FlowTab({ journey }: { journey: JourneyRecord }) {
  const { t } = useTranslation();
  const outline = outlineOf(journey.definition);
  const counts = new Map(journey.at_step.map((at) => [at.step, at.count]));
  return (
    <div className={classes.flowColumns}>
      <Section title={t("journey.steps")} note={t("journey.steps_note")}>
        {outline ? (
          <ol className={classes.flow}>
            {outline.map((step, index) => (
              <Step key={step.key} step={step} following={outline[index + 1]?.key} count={counts.get(step.key) ?? 0} />
            ))}
          </ol>
        ) : (
          <Document value={journey.definition} label={t("journey.definition")} />
        )}
      </Section>
      <Section title={t("journey.left_by_reason")}>
        <Reasons journey={journey} />
      </Section>
    </div>
  );
}

function Step({ step, following, count }: { step: OutlineStep; following: string | undefined; count: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  const Icon = icons[step.kind] ?? IconCircleDot;
  const goesOn = step.onward.some((way) => way.to === following);
  const only = step.onward.length === 1 && goesOn;
  return (
    <li id={`step-${step.key}`} className={classes.step} data-kind={step.kind} data-goes-on={goesOn || undefined}>
      <span className={classes.mark}>
        <Icon size={18} stroke={1.5} aria-hidden />
      </span>
      <div className={classes.stepWords}>
        <h3 className={classes.stepName}>
          {word("step", step.key)} <span className={classes.kind}>{word("step_kind", step.kind)}</span>
        </h3>
        {step.details.length > 0 ? (
          <dl className={classes.details}>
            {step.details.map(([term, value]) => (
              <div key={term}>
                <dt>{word("step_term", term)}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        ) : null}
        {step.onward.length > 0 && !only ? (
          <ul className={classes.onward}>
            {step.onward.map((way) => (
              <li key={way.when}>
                {word("step_way", way.when)} → <a href={`#step-${way.to}`}>{word("step", way.to)}</a>
              </li>
            ))}
          </ul>
        ) : null}
      </div>
      <span className={classes.here} data-empty={count === 0 || undefined}>
        <span className={classes.hereCount}>{format.number(count)}</span> {t("journey.here", { count })}
      </span>
    </li>
  );
}

function Reasons({ journey }: { journey: JourneyRecord }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  if (journey.left_by_reason.length === 0) {
    return <EmptyState>{t("journey.nobody_left")}</EmptyState>;
  }
  const most = Math.max(...journey.left_by_reason.map((each) => each.count), 1);
  return (
    <ul className={classes.reasons}>
      {journey.left_by_reason.map((each) => (
        <li key={each.reason}>
          <span>{word("run_reason", each.reason)}</span>
          <span>{format.number(each.count)}</span>
          <span className={classes.reasonBar} style={{ width: `${(each.count / most) * 100}%` }} aria-hidden="true" />
        </li>
      ))}
    </ul>
  );
}
