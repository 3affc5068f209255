// A state: a coloured pill, and always its text.

import type { ReactNode } from "react";
import classes from "./pill.module.css";
import { useWord } from "./word";

export type Tone = "good" | "notice" | "bad" | "info" | "plain";

export function Pill({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={classes.pill} data-tone={tone}>
      {children}
    </span>
  );
}

const tones: Record<string, Record<string, Tone>> = {
  message_status: {
    due: "notice",
    refused: "bad",
    "in-flight": "info",
    accepted: "good",
    rejected: "bad",
    unknown: "notice",
    expired: "plain",
    cancelled: "plain",
  },
  journey_status: { draft: "plain", live: "good", paused: "notice", stopped: "plain" },
  run_status: { active: "info", left: "plain", stuck: "bad" },
  record_status: { active: "good", inactive: "plain", merged: "plain", deleted: "bad", referenced: "notice" },
  sync_status: { running: "info", complete: "good", failed: "bad" },
  plugin_status: { active: "good", parked: "bad" },
  call_outcome: { answered: "good", said: "notice", stopped: "bad", nonsense: "bad", "timed-out": "bad" },
  task_status: { open: "info", done: "good", cancelled: "plain" },
  write_back_status: { waiting: "notice", done: "good", failed: "bad" },
  consent_decision: { permit: "good", deny: "bad" },
};

/** The pill of a status the gateway names, `group` being the noun it belongs to. */
export function StatusPill({ group, status }: { group: string; status: string }) {
  const word = useWord();
  return <Pill tone={tones[group]?.[status] ?? "plain"}>{word(group, status)}</Pill>;
}
