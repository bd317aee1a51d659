import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import type { LostRace } from "../fallbacks/core/lost-race.ts";
import type { Conversations, OpenTurn } from "./conversations.ts";
import type { Liveness } from "./liveness.ts";
import * as records from "./records.ts";
import { lostEveryRace, type Sessions } from "./sessions.ts";
import { putRow, useRows } from "./use-rows.ts";

export interface FinishDeps {
  readonly sessions: Sessions;
  readonly liveness: Liveness;
  /** `Cluster.instance` of this process. */
  readonly instance: string;
  readonly clock: Clock;
  readonly lostRace: LostRace;
}

/** A write that lost a race against another instance is tried again this often. */
const ATTEMPTS = 5;

type Outcome = Parameters<Conversations["finish"]>[1];

/** What `Conversations.finish` promises. */
export function createFinish({ sessions, liveness, instance, clock, lostRace }: FinishDeps): Conversations["finish"] {
  async function tryFinish(
    { sessionId, turn }: OpenTurn,
    outcome: Outcome,
    context: CallContext,
  ): Promise<records.TurnRecord | "deleted" | "lost"> {
    const [there, session] = await Promise.all([
      sessions.turn(sessionId, turn.seq, turn.turnId, context),
      sessions.session(sessionId, context),
    ]);
    // Deleted meanwhile: it stays deleted.
    if (!session || session.record.removedAt !== null) return "deleted";
    const stored = there ?? (await turnMoved(sessionId, turn.turnId, session.record.owner, context));
    if (!stored) return "deleted";
    const ended = endOf(stored.record, outcome, instance);
    if (!ended) return stored.record;
    const { running } = session.record;
    // Whoever took the turn for interrupted has gone on without it, and its memory would undo theirs.
    const holds = running?.runner === instance && running.seq === turn.seq && running.turnId === turn.turnId;
    const at = clock.wall().toISOString();
    const memory = { memory: outcome.memory, memoryAt: at, running: null };
    const value: records.SessionRecord = { ...session.record, ...(holds && memory), updatedAt: at };
    const rows = useRows(sessionId, records.seqOf(stored.key), ended);
    const saved = await sessions.commit(
      [
        { kind: "put", collection: "turns", key: stored.key, value: ended, expect: stored.version },
        { kind: "put", collection: "sessions", key: session.key, value, expect: session.version },
        ...rows.map(putRow),
      ],
      context,
    );
    return saved ? ended : "lost";
  }

  /** Another process, unseen, had begun the same turn in another place, and the two became one there. */
  async function turnMoved(sessionId: string, turnId: string, owner: string, context: CallContext) {
    const index = await sessions.index(owner, turnId, context);
    if (!index) return undefined;
    const { also, ...first } = index.record;
    const place = [first, ...also].find((one) => one.sessionId === sessionId);
    return place && sessions.turn(sessionId, place.seq, turnId, context);
  }

  return async (open, outcome, context) => {
    try {
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        await lostRace.after(attempt, context);
        const stored = await tryFinish(open, outcome, context);
        if (stored === "deleted") return undefined;
        if (stored !== "lost") return { status: stored.status, reply: stored.reply };
      }
      throw lostEveryRace();
    } finally {
      liveness.leave(records.turnKey(open.sessionId, open.turn.seq, open.turn.turnId));
    }
  };
}

/** The turn with this outcome; undefined: the outcome adds nothing to what is there. */
function endOf(stored: records.TurnRecord, outcome: Outcome, instance: string): records.TurnRecord | undefined {
  const { status, reply, knowledge } = outcome;
  const isUsed = knowledge && knowledge.unanswered.length + knowledge.cited.length > 0;
  const used = status === "done" && isUsed && { knowledge };
  const own = stored.run?.runner === instance;
  if (stored.status === "running" && own) return { ...stored, ...used, status, reply };
  // Somebody took it for interrupted, or is running it once more: an answer counts all the same, a failure does not.
  if (status !== "done") return undefined;
  const run = stored.run && { ...stored.run, runner: instance };
  if (stored.status !== "done") return { ...stored, ...used, status, reply, run };
  const known = [stored.reply, ...stored.alternatives.map((one) => one.reply)];
  if (own || known.some((one) => isDeepStrictEqual(one, reply))) return undefined;
  return { ...stored, alternatives: [...stored.alternatives, { message: stored.message, reply }] };
}
