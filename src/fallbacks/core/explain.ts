import type { Port, Runner } from "./runner.ts";
import type { Explained, Unsuitable } from "./selection.ts";

/** What a call would meet now, for each port in the order in which it would be asked. */
export function explain<P extends Port>(
  chosen: readonly { readonly runner: Runner<P>; readonly unsuitable: Unsuitable | undefined }[],
  last: Runner<P>,
  remainingMs: number,
): readonly Explained[] {
  let served = false;
  const rows = chosen.map(({ runner, unsuitable }): Explained => {
    const obstacle = runner.gate?.obstacle;
    const late = remainingMs < (runner.minimumMs ?? 0) ? "too_little_time" : undefined;
    const blocked = unsuitable ?? obstacle?.kind ?? late;
    const verdict = blocked ?? (served ? "stands_by" : "serves");
    served ||= blocked === undefined;
    return { port: runner.port.name, verdict, inMs: unsuitable ? null : (obstacle?.inMs ?? null) };
  });
  return [...rows, { port: last.port.name, verdict: served ? "stands_by" : "serves", inMs: null }];
}
