import type { Clock } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import type { StoredRecord, Write } from "../fallbacks/store/port.ts";
import type { Conversations, Removed } from "./conversations.ts";
import * as records from "./records.ts";
import { lostEveryRace, type Sessions, type Versioned } from "./sessions.ts";

export type Removal = Pick<Conversations, "remove" | "removeAll" | "removeOlder">;

type Session = Versioned<records.SessionRecord>;

/** Turns deleted in one operation: small enough not to hold up other writes. */
const REMOVED_AT_ONCE = 400;
const PAGE = 100;
/** A write that lost a race against another instance is tried again this often. */
const ATTEMPTS = 5;

/**
 * A deletion marks the session first, so that nobody sees it or writes to it from then on; then its turns go in steps, and the session
 * with the last of them. Whoever breaks off leaves the mark, by which any later call goes on.
 */
export function createRemoval(store: StoreAccess, sessions: Sessions, clock: Clock): Removal {
  /** Undefined: it is gone, or `isDue` does not hold any more. */
  async function mark(
    sessionId: string,
    isDue: (session: records.SessionRecord) => boolean,
    context: CallContext,
  ): Promise<Session | undefined> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const session = await sessions.session(sessionId, context);
      if (!session || session.record.removedAt !== null) return session;
      if (!isDue(session.record)) return undefined;
      const { key, record, version } = session;
      const value: records.SessionRecord = { ...record, removedAt: clock.wall().toISOString() };
      await sessions.commit([{ kind: "put", collection: "sessions", key, value, expect: version }], context);
    }
    throw lostEveryRace();
  }

  /** Deletes what a marked session holds, and then itself. Returns how many turns went. */
  async function purge(sessionId: string, marked: Session, context: CallContext): Promise<number> {
    const prefix = records.turnsOf(sessionId);
    let session: Session | undefined = marked;
    let turns = 0;
    while (session) {
      const { record, version }: Session = session;
      const { value } = await store.list({ collection: "turns", prefix, limit: REMOVED_AT_ONCE }, context);
      const last = value.length < REMOVED_AT_ONCE;
      const ofTurns = await Promise.all(value.map((turn) => removalOfTurn(sessionId, record.owner, turn, context)));
      const writes = [...ofTurns.flat(), ...(last ? removalOfSession(sessionId, record, version) : [])];
      const committed = await sessions.commit(writes, context);
      if (committed) turns += value.length;
      if (committed && last) return turns;
      // Somebody else deletes it too, and may have been faster.
      if (!committed) session = await sessions.session(sessionId, context);
    }
    return turns;
  }

  async function removalOfTurn(
    sessionId: string,
    owner: string,
    { key, value }: StoredRecord,
    context: CallContext,
  ): Promise<readonly Write[]> {
    const { turnId } = records.readTurn(value);
    const ofTurn: Write = { kind: "delete", collection: "turns", key };
    const index = await sessions.index(owner, turnId, context);
    if (!index) return [ofTurn];
    const { also, ...first } = index.record;
    const [next, ...rest] = [first, ...also].filter((place) => place.sessionId !== sessionId);
    // The same turn id may stand in another session too.
    if (!next) return [ofTurn, { kind: "delete", collection: "turn_index", key: index.key }];
    return [ofTurn, { kind: "put", collection: "turn_index", key: index.key, value: { ...next, also: rest } }];
  }

  /** Deletes the session if it is due; says what went. */
  async function removeIf(
    sessionId: string,
    isDue: (session: records.SessionRecord) => boolean,
    context: CallContext,
  ): Promise<Removed> {
    const session = await mark(sessionId, isDue, context);
    if (!session) return { sessions: 0, turns: 0 };
    return { sessions: 1, turns: await purge(sessionId, session, context) };
  }

  return {
    async remove(owner, sessionId, context) {
      await sessions.owned(owner, sessionId, context);
      await removeIf(sessionId, () => true, context);
    },
    async removeAll(owner, context) {
      const prefix = records.sessionsOf(records.ownerKey(owner));
      let removed: Removed = { sessions: 0, turns: 0 };
      let after: string | undefined;
      do {
        const start = after === undefined ? {} : { after };
        const { value } = await store.list({ collection: "sessions", prefix, limit: PAGE, ...start }, context);
        for (const { key } of value) {
          const one = await removeIf(key.slice(key.lastIndexOf("/") + 1), () => true, context);
          // A session that somebody else has deleted, and that this index did not hear of.
          if (one.sessions === 0) await sessions.commit([{ kind: "delete", collection: "sessions", key }], context);
          removed = sum(removed, one);
        }
        after = value.length < PAGE ? undefined : value.at(-1)?.key;
      } while (after !== undefined);
      return removed;
    },
    async removeOlder(before, { after, limit }, context) {
      const prefix = records.allSessions;
      const start = after === undefined ? {} : { after: prefix + after };
      const { value } = await store.list({ collection: "sessions", prefix, limit, ...start }, context);
      const oldest = before.toISOString();
      let removed: Removed = { sessions: 0, turns: 0 };
      for (const { key, value: stored } of value) {
        const isDue = (session: records.SessionRecord) => session.updatedAt < oldest;
        const session = records.readSession(stored);
        // Looked at again when it is marked: somebody may be writing to it.
        if (session.removedAt === null && !isDue(session)) continue;
        removed = sum(removed, await removeIf(key.slice(prefix.length), isDue, context));
      }
      const last = value.length < limit ? undefined : value.at(-1);
      return { ...removed, next: last ? last.key.slice(prefix.length) : null };
    },
  };
}

function sum(one: Removed, other: Removed): Removed {
  return { sessions: one.sessions + other.sessions, turns: one.turns + other.turns };
}

function removalOfSession(sessionId: string, session: records.SessionRecord, version: number): readonly Write[] {
  const indexKey = records.sessionIndexKey(session.owner, session.createdAt, sessionId);
  return [
    // Where other processes have added turns to it unseen, the mark stays, and a later call deletes those too.
    { kind: "delete", collection: "sessions", key: records.sessionKey(sessionId), expect: version },
    { kind: "delete", collection: "sessions", key: indexKey },
  ];
}
