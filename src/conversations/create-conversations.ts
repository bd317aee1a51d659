import type { Clock } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import type { Collection, StoredRecord, Write } from "../fallbacks/store/port.ts";
import { Problem } from "../problems.ts";
import type { BeginTurn, Conversations, OpenTurn, Owner, Turn } from "./conversations.ts";
import { createHistory } from "./history.ts";
import * as records from "./records.ts";

/** 32 hex digits (128 random bits), never the same twice. */
export type NewId = () => string;

export interface ConversationsDeps {
  readonly clock: Clock;
  readonly newId: NewId;
}

/** A write that lost a race against another instance is tried again this often. */
const ATTEMPTS = 5;
const TITLE_LENGTH = 80;

export function createConversations(store: StoreAccess, deps: ConversationsDeps): Conversations {
  const { clock, newId } = deps;
  // Keys of the turns that this process runs: one that an earlier process left, or whose outcome could not be saved, is not there.
  const running = new Set<string>();
  const history = createHistory(store, { isRun: (key) => running.has(key), newId });

  async function get(collection: Collection, key: string, context: CallContext): Promise<StoredRecord | undefined> {
    return (await store.get(collection, key, context)).value;
  }

  async function commit(writes: readonly Write[], context: CallContext): Promise<boolean> {
    return (await store.commit({ id: newId(), writes }, context)).value.status === "applied";
  }

  /** The turn that the owner saved under this id before, if it is still there. */
  async function turnBefore(owner: string, turnId: string, context: CallContext) {
    const index = await get("turn_index", records.turnIndexKey(owner, turnId), context);
    if (!index) return { indexVersion: 0, found: undefined };
    const { sessionId, seq } = records.readIndex(index);
    const record = await get("turns", records.turnKey(sessionId, seq), context);
    // Its session may have been deleted halfway.
    const found = record && {
      turn: records.shownTurn(seq, records.readTurn(record), running.has(record.key)),
      sessionId,
    };
    return { indexVersion: index.version, found };
  }

  /** A turn that failed gave no answer, so the same request may run it once more, in its old place. */
  async function tryAgain(request: BeginTurn, sessionId: string, seq: number, context: CallContext) {
    const key = records.turnKey(sessionId, seq);
    const { session } = await history.own(request.owner, sessionId, context);
    const stored = await get("turns", key, context);
    if (!stored) return undefined;
    const record: records.TurnRecord = { ...records.readTurn(stored), status: "running" };
    const past = await history.recent(sessionId, seq, request.recent, context);
    const saved = await commit(
      [{ kind: "put", collection: "turns", key, value: record, expect: stored.version }],
      context,
    );
    if (!saved) return undefined;
    running.add(records.turnKey(sessionId, seq));
    const turn = records.shownTurn(seq, record, true);
    return { open: { sessionId, turn, memory: session.memory, history: past } satisfies OpenTurn };
  }

  async function tryBegin(request: BeginTurn, newSessionId: string, context: CallContext) {
    const { turnId, message } = request;
    const owner = records.ownerKey(request.owner);
    const { indexVersion, found } = await turnBefore(owner, turnId, context);
    if (found) {
      const repeated = again(request, found.turn, found.sessionId);
      if (found.turn.status !== "failed") return repeated;
      return tryAgain(request, found.sessionId, found.turn.seq, context);
    }

    const sessionId = request.sessionId ?? newSessionId;
    const known = request.sessionId === undefined ? undefined : await history.own(request.owner, sessionId, context);
    const at = clock.wall().toISOString();
    const session: records.SessionRecord = known
      ? { ...known.session, turns: known.session.turns + 1, updatedAt: at }
      : { owner, title: titleOf(message), turns: 1, createdAt: at, updatedAt: at, memory: null };
    const seq = session.turns;
    const record: records.TurnRecord = { turnId, message, status: "running", at, reply: null };
    // Read before anything is saved: a failure here must not leave a turn that nobody answers.
    const past = known ? await history.recent(sessionId, seq, request.recent, context) : [];
    const newIndex: Write = {
      kind: "put",
      collection: "sessions",
      key: records.sessionIndexKey(owner, session.createdAt, sessionId),
      value: { sessionId },
      expect: 0,
    };
    const saved = await commit(
      [
        { kind: "put", collection: "turns", key: records.turnKey(sessionId, seq), value: record, expect: 0 },
        {
          kind: "put",
          collection: "turn_index",
          key: records.turnIndexKey(owner, turnId),
          value: { sessionId, seq },
          expect: indexVersion,
        },
        {
          kind: "put",
          collection: "sessions",
          key: records.sessionKey(sessionId),
          value: session,
          expect: known?.version ?? 0,
        },
        ...(known ? [] : [newIndex]),
      ],
      context,
    );
    if (!saved) return undefined;
    running.add(records.turnKey(sessionId, seq));
    const turn = records.shownTurn(seq, record, true);
    return { open: { sessionId, turn, memory: session.memory, history: past } satisfies OpenTurn };
  }

  async function tryFinish(open: OpenTurn, outcome: Parameters<Conversations["finish"]>[1], context: CallContext) {
    const { sessionId, turn } = open;
    const key = records.turnKey(sessionId, turn.seq);
    const [turnRecord, sessionRecord] = await Promise.all([
      get("turns", key, context),
      get("sessions", records.sessionKey(sessionId), context),
    ]);
    // Deleted meanwhile: it stays deleted.
    if (!turnRecord || !sessionRecord) return true;
    const stored = records.readTurn(turnRecord);
    if (stored.status !== "running" || stored.turnId !== turn.turnId) return true;
    const { status, reply, memory } = outcome;
    const session = { ...records.readSession(sessionRecord), memory, updatedAt: clock.wall().toISOString() };
    return commit(
      [
        { kind: "put", collection: "turns", key, value: { ...stored, status, reply }, expect: turnRecord.version },
        {
          kind: "put",
          collection: "sessions",
          key: sessionRecord.key,
          value: session,
          expect: sessionRecord.version,
        },
      ],
      context,
    );
  }

  return {
    async begin(request, context) {
      const newSessionId = `ses_${newId()}`;
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        const begun = await tryBegin(request, newSessionId, context);
        if (begun) return begun;
      }
      throw lostEveryRace();
    },
    async sessionOf(owner, turnId, context) {
      return (await turnBefore(records.ownerKey(owner), turnId, context)).found?.sessionId;
    },
    async finish(open, outcome, context) {
      try {
        for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
          if (await tryFinish(open, outcome, context)) return;
        }
        throw lostEveryRace();
      } finally {
        running.delete(records.turnKey(open.sessionId, open.turn.seq));
      }
    },
    list: (owner: Owner, page, context) => history.sessions(owner, page, context),
    turns: (owner: Owner, sessionId, page, context) => history.turns(owner, sessionId, page, context),
    remove: (owner: Owner, sessionId, context) => history.remove(owner, sessionId, context),
  };
}

function again(request: BeginTurn, turn: Turn, sessionId: string) {
  if (turn.message !== request.message) {
    throw new Problem("turn_conflict", "turn_id was used before, for another message", { field: "turn_id" });
  }
  if (request.sessionId !== undefined && request.sessionId !== sessionId) {
    throw new Problem("turn_conflict", "turn_id was used before, in another session", { field: "turn_id" });
  }
  return { again: turn, sessionId };
}

function lostEveryRace(): Problem {
  return new Problem("too_many_turns", "others write to this session all the time", { retryAfterS: 1 });
}

/** Cut between characters as people see them, never within a surrogate pair. */
function titleOf(message: string): string {
  const line = message.replace(/\s+/gu, " ").trim();
  if (line.length <= TITLE_LENGTH) return line;
  const short = line.slice(0, TITLE_LENGTH);
  return /[\ud800-\udbff]$/.test(short) ? short.slice(0, -1) : short;
}
