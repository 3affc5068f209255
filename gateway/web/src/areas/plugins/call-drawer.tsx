// The trace of one call: what it was given by name and size, what it asked of the gateway, where the time went.

import { Drawer } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { CallInput, PluginCall } from "@/api/model";
import { useFormat } from "@/design/format";
import { Exactly } from "@/design/moment";
import { FactSheet } from "@/design/page";
import { StatusPill } from "@/design/pill";
import { EmptyState, Loaded } from "@/design/states";
import { useWord } from "@/design/word";
import { pluginCallsQuery } from "./plugin";
import classes from "./plugins.module.css";
import { Shares } from "./shares";

interface CallDrawerProps {
  name: string;
  number: string | undefined;
  onClose: () => void;
}

export function CallDrawer({ name, number, onClose }: CallDrawerProps) {
  const { t } = useTranslation();
  return (
    <Drawer
      opened={number !== undefined}
      onClose={onClose}
      title={t("plugin.trace")}
      closeButtonProps={{ "aria-label": t("action.close") }}
    >
      {number ? <Found name={name} number={number} /> : null}
    </Drawer>
  );
}

function Found({ name, number }: { name: string; number: string }) {
  const { t } = useTranslation();
  const query = useQuery(pluginCallsQuery(name));
  return (
    <Loaded query={query}>
      {({ items }) => {
        const call = items.find((each) => String(each.number) === number);
        return call ? <Trace call={call} /> : <EmptyState>{t("plugin.forgotten")}</EmptyState>;
      }}
    </Loaded>
  );
}

function Trace({ call }: { call: PluginCall }) {
  const { t } = useTranslation();
  const format = useFormat();
  const word = useWord();
  return (
    <>
      <p className={classes.called}>
        {word("plugin_function", call.function)} {format.number(call.number)}
      </p>
      <p className={classes.verdict}>
        <StatusPill group="call_outcome" status={call.outcome} />
        {call.reason ? <span className={classes.why}>{call.reason}</span> : null}
      </p>
      <FactSheet
        facts={[
          [t("plugin.at"), <Exactly key="at" at={call.at} />],
          [t("plugin.version"), call.version],
          [t("plugin.time"), format.time(call.time_seconds)],
          [t("plugin.fuel"), format.number(call.fuel)],
          [t("plugin.memory"), format.bytes(call.memory_bytes)],
        ]}
      />
      <h3 className={classes.part}>{t("plugin.spent")}</h3>
      <Shares
        shares={(["computing", "waiting", "queueing"] as const).map((kind) => ({
          key: kind,
          size: call[`${kind}_seconds`],
          label: t(`plugin.${kind}`),
          value: format.time(call[`${kind}_seconds`]),
        }))}
      />
      <h3 className={classes.part}>{t("plugin.given")}</h3>
      {call.inputs.length === 0 ? (
        <p className={classes.none}>{t("plugin.given_nothing")}</p>
      ) : (
        <>
          <Inputs inputs={call.inputs} />
          <p className={classes.none}>{t("plugin.no_values")}</p>
        </>
      )}
      <h3 className={classes.part}>{t("plugin.asked_of_host")}</h3>
      <HostUses call={call} />
    </>
  );
}

/** Names with how many and how large, and what is inside below each. */
function Inputs({ inputs }: { inputs: CallInput[] }) {
  const format = useFormat();
  const size = ({ count, bytes }: CallInput) => {
    const sizes = [
      typeof count === "number" ? format.number(count) : null,
      typeof bytes === "number" ? format.bytes(bytes) : null,
    ];
    return sizes.filter((each) => each !== null).join(" · ");
  };
  return (
    <ul className={classes.inputs}>
      {inputs.map((input) => (
        <li key={input.name}>
          <span className={classes.input}>
            <code>{input.name}</code>
            <span>{size(input)}</span>
          </span>
          {input.fields.length > 0 ? <Inputs inputs={input.fields} /> : null}
        </li>
      ))}
    </ul>
  );
}

function HostUses({ call }: { call: PluginCall }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (call.host.length === 0) {
    return <p className={classes.none}>{t("plugin.asked_nothing")}</p>;
  }
  return (
    <ul className={classes.inputs}>
      {call.host.map((used) => (
        <li key={used.function}>
          <span className={classes.input}>
            <code>{used.function}</code>
            <span>
              {t("plugin.times", { count: used.calls, shown: format.number(used.calls) })} ·{" "}
              {format.time(used.time_seconds)}
            </span>
          </span>
        </li>
      ))}
      {call.http.requests > 0 ? (
        <li>
          <span className={classes.input}>
            <span>{t("plugin.http_bytes")}</span>
            <span>
              ↑ {format.bytes(call.http.sent_bytes)} · ↓ {format.bytes(call.http.received_bytes)}
            </span>
          </span>
        </li>
      ) : null}
    </ul>
  );
}
