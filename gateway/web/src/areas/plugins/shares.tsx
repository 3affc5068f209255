// Parts of a whole: a bar, and the same as a list.

import type { ReactNode } from "react";
import classes from "./plugins.module.css";

export interface Share {
  key: string;
  size: number;
  label: ReactNode;
  value: string;
}

export function Shares({ shares }: { shares: Share[] }) {
  return (
    <>
      <div className={classes.bar} aria-hidden="true">
        {shares
          .filter((share) => share.size > 0)
          .map((share) => (
            <span key={share.key} data-share={share.key} style={{ flexGrow: share.size }} />
          ))}
      </div>
      <ul className={classes.shares}>
        {shares.map((share) => (
          <li key={share.key} data-share={share.key}>
            <span>{share.label}</span>
            <span>{share.value}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
