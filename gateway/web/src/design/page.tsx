// The frame of a page: title, one line about it, its actions, and below them its tabs or content.

import { Tabs } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import classes from "./page.module.css";

interface PageProps {
  title: string;
  description?: ReactNode;
  /** The list this record belongs to. */
  parent?: { to: string; title: string };
  badges?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, description, parent, badges, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Outreach Gateway`;
  }, [title]);
  return (
    <>
      <header className={classes.header}>
        <div className={classes.words}>
          {parent ? (
            <Link to={parent.to} className={classes.parent}>
              ← {parent.title}
            </Link>
          ) : null}
          <div className={classes.titleLine}>
            <h1 className={classes.title}>{title}</h1>
            {badges}
          </div>
          {description ? <div className={classes.description}>{description}</div> : null}
        </div>
        {actions ? <div className={classes.actions}>{actions}</div> : null}
      </header>
      {children}
    </>
  );
}

export interface PageTab {
  key: string;
  title: string;
  render: () => ReactNode;
}

/** Tabs whose choice lives in the URL; the caller keeps it there. */
export function PageTabs({
  tabs,
  value,
  onChange,
  label,
}: {
  tabs: PageTab[];
  value: string | undefined;
  onChange: (key: string | undefined) => void;
  label: string;
}) {
  const first = tabs[0]?.key;
  const current = tabs.some((tab) => tab.key === value) ? value : first;
  return (
    <Tabs value={current ?? null} onChange={(key) => onChange(key === first ? undefined : (key ?? undefined))}>
      <Tabs.List aria-label={label} className={classes.tabs}>
        {tabs.map((tab) => (
          <Tabs.Tab key={tab.key} value={tab.key} className={classes.tab}>
            {tab.title}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {tabs.map((tab) => (
        <Tabs.Panel key={tab.key} value={tab.key} pt="lg">
          {tab.key === current ? tab.render() : null}
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}

export function Section({ title, note, children }: { title: string; note?: ReactNode; children: ReactNode }) {
  return (
    <section className={classes.section}>
      <h2 className={classes.sectionTitle}>{title}</h2>
      {note ? <p className={classes.note}>{note}</p> : null}
      {children}
    </section>
  );
}

/** Terms with their values; a term without a value is left out. */
export function FactSheet({ facts }: { facts: [term: string, value: ReactNode][] }) {
  return (
    <dl className={classes.factSheet}>
      {facts
        .filter(([, value]) => value !== null && value !== undefined && value !== "")
        .map(([term, value]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

/** A document as the gateway keeps it, to be read and copied. */
export function Document({ value, label }: { value: unknown; label: string }) {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard.
    <section className={classes.document} aria-label={label} tabIndex={0}>
      <pre>{text}</pre>
    </section>
  );
}
