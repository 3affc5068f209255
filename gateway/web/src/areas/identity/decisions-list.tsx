// What staff decided about records, each with who, when and why, and a way to take it back.

import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { IdentityDecision } from "@/api/model";
import { asProblem } from "@/api/problem";
import { Confirm } from "@/design/confirm";
import { Moment } from "@/design/moment";
import { useProblemTitle } from "@/design/states";
import { useMay } from "@/shell/session";
import { useDecide } from "./identity";
import classes from "./identity.module.css";

export function DecisionsList({ decisions }: { decisions: IdentityDecision[] }) {
  const { t } = useTranslation();
  const may = useMay();
  const problemTitle = useProblemTitle();
  const { takeBack } = useDecide();
  const [chosen, setChosen] = useState<IdentityDecision | null>(null);

  function confirm() {
    if (chosen === null) {
      return;
    }
    takeBack.mutate(
      { one: chosen.one.id, other: chosen.other.id },
      {
        onSuccess: () => {
          notifications.show({ message: t("identity.taken_back") });
          setChosen(null);
        },
        onError: (error) => {
          if (asProblem(error).status !== 401) {
            notifications.show({ color: "red", title: problemTitle(error), message: asProblem(error).detail ?? "" });
          }
        },
      },
    );
  }

  return (
    <>
      <ul className={classes.reasons}>
        {decisions.map((decision) => (
          <li key={`${decision.one.id} ${decision.other.id}`}>
            <div>
              <Record id={decision.one.id} name={decision.one.name} /> ·{" "}
              <Record id={decision.other.id} name={decision.other.name} />
              <br />
              <strong>{t(decision.decision === "same" ? "identity.said_same" : "identity.said_different")}</strong>
              {" – "}
              {decision.reason}
              <p className={classes.quiet}>
                {decision.by}, <Moment at={decision.at} />
              </p>
            </div>
            {may("decide-identity") ? (
              <Button
                size="xs"
                variant="default"
                aria-label={`${t("identity.take_back")}: ${decision.one.name}, ${decision.other.name}`}
                onClick={() => setChosen(decision)}
              >
                {t("identity.take_back")}
              </Button>
            ) : null}
          </li>
        ))}
      </ul>
      <Confirm
        opened={chosen !== null}
        title={t("identity.take_back_title")}
        action={t("identity.take_back")}
        busy={takeBack.isPending}
        onConfirm={confirm}
        onClose={() => setChosen(null)}
      >
        {t("identity.take_back_means")}
      </Confirm>
    </>
  );
}

function Record({ id, name }: { id: string; name: string }) {
  return (
    <Link to="/patients/$id" params={{ id }} search={{ tab: "records" }}>
      {name}
    </Link>
  );
}
