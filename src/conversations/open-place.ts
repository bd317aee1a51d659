import type { Clock } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import type { Write } from "../fallbacks/store/port.ts";
import type { BeginTurn, OpenTurn } from "./conversations.ts";
import type { History } from "./history.ts";
import type { Liveness } from "./liveness.ts";
import * as records from "./records.ts";
import type { Sessions, Versioned } from "./sessions.ts";

/** A turn in its place in a session in which no other one is being answered. */
export interface Place {
  readonly sessionId: string;
  readonly seq: number;
  readonly fork: boolean;
  readonly turn: records.TurnRecord;
  /** As it is to be, but for what every turn changes. */
  readonly session: records.SessionRecord;
  /** The session as it is stored; undefined: it is new. */
  readonly known: Versioned<records.SessionRecord> | undefined;
  /** The turn as it is stored; absent: it is new. */
  readonly stored?: Versioned<records.TurnRecord>;
  /** Of the record in the index of turn ids that a new turn expects. */
  readonly indexVersion?: number;
}

/** Saves that the turn runs here from now on. `lost`: somebody else was faster. */
export type OpenPlace = (
  place: Place,
  request: BeginTurn,
  context: CallContext,
) => Promise<{ readonly open: OpenTurn } | "lost">;

/** What saving the outcome may take beyond the deadline, in ms. */
const GRACE_MS = 5_000;

export function createOpenPlace(deps: {
  readonly sessions: Sessions;
  readonly history: History;
  readonly liveness: Liveness;
  readonly instance: string;
  readonly clock: Clock;
}): OpenPlace {
  const { sessions, history, liveness, instance, clock } = deps;

  /** The turn that was running last in the session, and was cut off, is noted down as such: whoever reads it need not ask. */
  async function turnLeft({ sessionId, known }: Place, key: string, context: CallContext): Promise<readonly Write[]> {
    const running = known?.record.running;
    if (!running) return [];
    const left = await sessions.turn(sessionId, running.seq, running.turnId, context);
    if (left?.record.status !== "running" || left.key === key) return [];
    const value: records.TurnRecord = { ...left.record, status: "interrupted" };
    return [{ kind: "put", collection: "turns", key: left.key, value, expect: left.version }];
  }

  return async (place, request, context) => {
    const { sessionId, seq, turn, session, known, stored, fork } = place;
    const name = records.turnKey(sessionId, seq, turn.turnId);
    const key = stored?.key ?? name;
    // Read before anything is saved: a failure here must not leave a turn that nobody answers.
    const [past, left] = await Promise.all([
      known ? history.recent(sessionId, seq, request.recent, context) : [],
      turnLeft(place, key, context),
    ]);
    const ms = Math.ceil(context.deadline.remaining()) + GRACE_MS;
    const at = clock.wall();
    const run: records.Run = { runner: instance, until: at.getTime() + ms, ms };
    const value: records.TurnRecord = {
      ...turn,
      status: "running",
      run,
      attempt: stored ? turn.attempt + 1 : 1,
    };
    const running = { ...run, seq, turnId: turn.turnId };
    const sessionValue: records.SessionRecord = { ...session, running, updatedAt: at.toISOString() };
    const writes: readonly Write[] = [
      { kind: "put", collection: "turns", key, value, expect: stored?.version ?? 0 },
      {
        kind: "put",
        collection: "sessions",
        key: records.sessionKey(sessionId),
        value: sessionValue,
        expect: known?.version ?? 0,
      },
      ...(stored ? [] : indexed(place)),
      ...left,
    ];
    // Before it is saved, so that nobody here takes it for one that was cut off.
    liveness.enter(name);
    let saved = false;
    try {
      saved = await sessions.commit(writes, context);
    } finally {
      if (!saved) liveness.leave(name);
    }
    if (!saved) return "lost";
    const shown = records.shownTurn(seq, value, { isRun: true, fork });
    return { open: { sessionId, turn: shown, memory: session.memory, history: past } };
  };
}

function indexed({ sessionId, seq, turn, session, known, indexVersion = 0 }: Place): readonly Write[] {
  const ofTurn: Write = {
    kind: "put",
    collection: "turn_index",
    key: records.turnIndexKey(session.owner, turn.turnId),
    value: { sessionId, seq },
    expect: indexVersion,
  };
  const ofSession: Write = {
    kind: "put",
    collection: "sessions",
    key: records.sessionIndexKey(session.owner, session.createdAt, sessionId),
    value: { sessionId },
    expect: 0,
  };
  return known ? [ofTurn] : [ofTurn, ofSession];
}
