// A moment: how long ago in sight, the exact time behind it.

import { useFormat } from "./format";

export function Moment({ at }: { at: string | null | undefined }) {
  const format = useFormat();
  if (!at) {
    return <span>–</span>;
  }
  return (
    <time dateTime={at} title={format.moment(at)}>
      {format.distance(at)}
    </time>
  );
}

export function Exactly({ at }: { at: string | null | undefined }) {
  const format = useFormat();
  return at ? <time dateTime={at}>{format.moment(at)}</time> : <span>–</span>;
}
