import type { VectorSpace } from "../fallbacks/vectors/port.ts";
import type { Count, Former, UsedSpace } from "./model-retire-records.ts";

/** Milliseconds between two looks of one server. */
export const LOOK_MS = 900_000;

const DAY_MS = 24 * 3_600_000;
/** After everybody has changed over, so that the model before can be taken up again at no cost. */
const GRACE_MS = DAY_MS;
/** Since the last word of a server that was changing over: it has had its turn twice. */
const CALM_MS = 2 * LOOK_MS;
/** While somebody is still changing over, maybe without ever succeeding: what was deleted meanwhile is still there. */
const LONGEST_MS = 7 * DAY_MS;
/** For which a deleted space is looked for once more every day: a server that nobody could hear may have filled it again. */
const MOURNING_MS = 30 * DAY_MS;

/** What became of trying to delete a space. `used`: somebody has gone back to it; `failed`: somebody should know why. */
export type Tried = "discarded" | "none" | "used" | "away" | "failed";

/** What is to be done about a space that this server does not use. */
export interface Judged {
  readonly entry: Former;
  readonly due: "wait" | "discard" | "forget";
}

/** For how long nobody has been changing over, in ms, when `passedMs` have passed since the last count. */
export function calmFor(last: Count | undefined, changing: number, passedMs: number): number {
  return changing === last?.changing ? last.calmMs + passedMs : 0;
}

export function judge(used: UsedSpace, last: Count | undefined, passedMs: number, calmMs: number): Judged {
  const { space, version, isDiscarded } = used;
  const before = last?.former.find((each) => isSame(each, space) && each.version === version);
  const entry: Former = {
    ...space,
    version,
    isDiscarded,
    unusedMs: before ? before.unusedMs + passedMs : 0,
    settledMs: before ? before.settledMs + (calmMs >= CALM_MS ? passedMs : 0) : 0,
    waitMs: before ? Math.max(0, before.waitMs - passedMs) : isDiscarded ? DAY_MS : 0,
    failures: before?.failures ?? 0,
  };
  // Not before the index has said once more that it has nothing of it.
  const isSure = entry.waitMs > 0 && entry.failures === 0;
  if (isDiscarded && entry.unusedMs >= MOURNING_MS && isSure) return { entry, due: "forget" };
  const mayGo = isDiscarded || entry.settledMs >= GRACE_MS || entry.unusedMs >= LONGEST_MS;
  return { entry, due: mayGo && entry.waitMs === 0 ? "discard" : "wait" };
}

/** What is known of it after it was tried to delete it. */
export function afterTrying(entry: Former, tried: Tried): Former {
  if (tried === "failed") {
    const waitMs = Math.min(DAY_MS, LOOK_MS * 2 ** Math.min(entry.failures, 10));
    return { ...entry, failures: entry.failures + 1, waitMs };
  }
  if (tried === "used" || tried === "away") return entry;
  return { ...entry, unusedMs: tried === "none" ? entry.unusedMs : 0, waitMs: DAY_MS, failures: 0 };
}

function isSame(left: VectorSpace, right: VectorSpace): boolean {
  return left.name === right.name && left.dimension === right.dimension;
}
