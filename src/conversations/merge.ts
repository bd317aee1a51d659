import { isDeepStrictEqual } from "node:util";
import type { SessionRecord, TurnRecord } from "./records.ts";

/** The more of an outcome a turn has, the higher. */
const weight: Readonly<Record<TurnRecord["status"], number>> = { running: 0, interrupted: 1, failed: 2, done: 3 };

/**
 * One turn as two processes have it that did not see one another. A done one beats all others, then one that was begun more often, and then
 * a failed or interrupted one beats a running one; of two that are equal in this that of the shared store stays. What only the other one
 * says (its answer, other words of the user under the same id) is kept as an alternative.
 */
export function mergeTurn(mine: TurnRecord, theirs: TurnRecord): TurnRecord {
  const [stays, goes] = isAhead(mine, theirs) ? [mine, theirs] : [theirs, mine];
  const heard = [{ message: stays.message, reply: stays.reply }];
  const add = ({ message, reply }: TurnRecord["alternatives"][number]) => {
    const isKnown = heard.some((one) => one.message === message && isDeepStrictEqual(one.reply, reply));
    if (!isKnown) heard.push({ message, reply });
  };
  for (const one of [...theirs.alternatives, ...mine.alternatives]) add(one);
  if (goes.status === "done" || goes.message !== stays.message) add({ message: goes.message, reply: goes.reply });
  return { ...stays, alternatives: heard.slice(1) };
}

function isAhead(mine: TurnRecord, theirs: TurnRecord): boolean {
  const isOver = mine.status === "done" || theirs.status === "done";
  if (!isOver && mine.attempt !== theirs.attempt) return mine.attempt > theirs.attempt;
  return weight[mine.status] > weight[theirs.status];
}

/**
 * One session as two processes have it. What it remembers is that of the turn that ended last. `ended` are the ids of turns that one of
 * them knows to have ended, and `fork` says that this side adds a turn whose number another one has.
 */
export function mergeSession(
  mine: SessionRecord,
  theirs: SessionRecord,
  found: { readonly ended: ReadonlySet<string>; readonly fork: boolean },
): SessionRecord {
  const { memory, memoryAt } = (mine.memoryAt ?? "") > (theirs.memoryAt ?? "") ? mine : theirs;
  const runs = [theirs.running, mine.running].find((running) => running && !found.ended.has(running.turnId));
  return {
    ...theirs,
    turns: Math.max(mine.turns, theirs.turns),
    updatedAt: mine.updatedAt > theirs.updatedAt ? mine.updatedAt : theirs.updatedAt,
    memory,
    memoryAt,
    running: runs ?? null,
    forked: mine.forked || theirs.forked || found.fork,
    removedAt: theirs.removedAt ?? mine.removedAt,
  };
}
