import type { Clock } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import type { LostRace } from "../fallbacks/core/lost-race.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import type { StoredRecord, Write } from "../fallbacks/store/port.ts";
import { Problem } from "../problems.ts";
import type { Conversations, Removed } from "./conversations.ts";
import * as records from "./records.ts";
import { indexRemoval, removedRows, removedTurnId } from "./removal-index.ts";
import { lostEveryRace, type Sessions, type Versioned } from "./sessions.ts";
import { deleteRow } from "./use-rows.ts";

export type Removal = Pick<Conversations, "remove" | "removeAll" | "removeOlder" | "sessionIds">;

export interface RemovalDeps {
  readonly clock: Clock;
  readonly lostRace: LostRace;
}

type Session = Versioned<records.SessionRecord>;

/** All that its deletion needs to know of a session, so that one that cannot be read can be deleted too. */
interface Doomed {
  readonly sessionId: string;
  readonly owner: string;
  /** Of the row by which its owner finds it. */
  readonly indexKey: string;
  readonly version: number;
}

/** Turns deleted in one operation: small enough not to hold up other writes. */
const REMOVED_AT_ONCE = 400;
const PAGE = 100;
/** A write that lost a race against another instance is tried again this often. */
const ATTEMPTS = 5;

/**
 * A deletion marks the session first, so that nobody sees it or writes to it from then on; then its turns go in steps, and the session
 * with the last of them. Whoever breaks off leaves the mark, by which any later call goes on. While the store that all processes share is
 * away it ends with the mark: the copy here may lack turns of the others, which would be nobody's once the session is gone.
 */
export function createRemoval(store: StoreAccess, sessions: Sessions, { clock, lostRace }: RemovalDeps): Removal {
  /** Where nothing is shared, whatever stands in for the store is all that there is. */
  const isShared = store.deadLetters !== undefined;

  /** Undefined: it is gone, or `isDue` does not hold any more. */
  async function mark(
    sessionId: string,
    isDue: (session: records.SessionRecord) => boolean,
    context: CallContext,
  ): Promise<Session | undefined> {
    let lost = 0;
    // One look more than tries, which sees the mark of the last one.
    for (let attempt = 0; attempt <= ATTEMPTS; attempt += 1) {
      await lostRace.after(lost, context);
      const session = await sessions.session(sessionId, context);
      if (!session || session.record.removedAt !== null) return session;
      if (!isDue(session.record)) return undefined;
      if (attempt === ATTEMPTS) break;
      const { key, record, version } = session;
      const value: records.SessionRecord = { ...record, removedAt: clock.wall().toISOString() };
      const write = { kind: "put", collection: "sessions", key, value, expect: version } as const;
      lost = (await sessions.commit([write], context)) ? 0 : lost + 1;
    }
    throw lostEveryRace();
  }

  /** Deletes what a session holds, and then itself. Returns how many turns went. */
  async function purge(doomed: Doomed, context: CallContext): Promise<number> {
    const { sessionId, owner } = doomed;
    const prefix = records.turnsOf(sessionId);
    let { version } = doomed;
    let turns = 0;
    let lost = 0;
    for (;;) {
      await lostRace.after(lost, context);
      const request = { collection: "turns", prefix, limit: REMOVED_AT_ONCE } as const;
      const { value, degraded } = await store.list(request, context);
      if (degraded && isShared) return turns;
      const last = value.length < REMOVED_AT_ONCE;
      const writes = [
        ...value.map(({ key }): Write => ({ kind: "delete", collection: "turns", key })),
        ...value.flatMap((record) => removedRows(sessionId, record).map(deleteRow)),
        ...(await removalOfIndex(sessionId, owner, value, context)),
        ...(last ? removalOfSession({ ...doomed, version }) : []),
      ];
      const committed = await sessions.commit(writes, context);
      if (committed) turns += value.length;
      if (committed && last) return turns;
      lost = committed ? 0 : lost + 1;
      if (committed) continue;
      // Somebody else deletes it too, and may have been faster.
      const { value: left } = await store.get("sessions", records.sessionKey(sessionId), context);
      if (!left) return turns;
      ({ version } = left);
    }
  }

  async function removalOfIndex(
    sessionId: string,
    owner: string,
    turns: readonly StoredRecord[],
    context: CallContext,
  ): Promise<readonly Write[]> {
    const turnIds = new Set(turns.map(removedTurnId).filter((turnId) => turnId !== undefined));
    const writes = await Promise.all(
      Array.from(turnIds, async (turnId): Promise<readonly Write[]> => {
        const key = records.turnIndexKey(owner, turnId);
        const { value } = await store.get("turn_index", key, context);
        return value ? indexRemoval(key, value, (place) => place.sessionId === sessionId) : [];
      }),
    );
    return writes.flat();
  }

  /** Deletes the session if it is due; says what went. */
  async function removeIf(
    sessionId: string,
    isDue: (session: records.SessionRecord) => boolean,
    context: CallContext,
  ): Promise<Removed> {
    const session = await mark(sessionId, isDue, context);
    if (!session) return nothing;
    const { owner, createdAt } = session.record;
    const indexKey = records.sessionIndexKey(owner, createdAt, sessionId);
    return { sessions: 1, turns: await purge({ sessionId, owner, indexKey, version: session.version }, context) };
  }

  /** The session of a row by which its owner finds it, whatever is in it. */
  async function removeOf(owner: string, indexKey: string, context: CallContext): Promise<Removed> {
    const sessionId = sessionIn(indexKey);
    try {
      return await removeIf(sessionId, () => true, context);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      // Nobody of this version can write to it, so it goes without a mark.
      const { value } = await store.get("sessions", records.sessionKey(sessionId), context);
      if (!value) return nothing;
      return { sessions: 1, turns: await purge({ sessionId, owner, indexKey, version: value.version }, context) };
    }
  }

  async function* rowsOf(owner: string, context: CallContext): AsyncGenerator<string> {
    const prefix = records.sessionsOf(owner);
    for (let after = prefix; ; ) {
      const { value } = await store.list({ collection: "sessions", prefix, limit: PAGE, after }, context);
      for (const { key } of value) yield key;
      const last = value.at(-1);
      if (!last || value.length < PAGE) return;
      after = last.key;
    }
  }

  return {
    async *sessionIds(owner, context) {
      for await (const key of rowsOf(records.ownerKey(owner), context)) yield sessionIn(key);
    },
    async remove(owner, sessionId, context) {
      await sessions.owned(owner, sessionId, context);
      await removeIf(sessionId, () => true, context);
    },
    async removeAll(owner, context) {
      let removed: Removed = nothing;
      for await (const key of rowsOf(records.ownerKey(owner), context)) {
        const one = await removeOf(records.ownerKey(owner), key, context);
        // A session that somebody else has deleted, and that this index did not hear of.
        if (one.sessions === 0) await sessions.commit([{ kind: "delete", collection: "sessions", key }], context);
        removed = sum(removed, one);
      }
      return removed;
    },
    async removeOlder(before, { after, limit }, context) {
      const prefix = records.allSessions;
      const start = after === undefined ? {} : { after: prefix + after };
      const { value } = await store.list({ collection: "sessions", prefix, limit, ...start }, context);
      const oldest = before.toISOString();
      const isDue = (session: records.SessionRecord) => session.updatedAt < oldest;
      let removed: Removed = nothing;
      let unreadable = 0;
      for (const { key, value: stored } of value) {
        try {
          const session = records.readSession(stored);
          // Looked at again when it is marked: somebody may be writing to it.
          if (session.removedAt === null && !isDue(session)) continue;
          removed = sum(removed, await removeIf(key.slice(prefix.length), isDue, context));
        } catch (error) {
          if (!isUnreadable(error)) throw error;
          unreadable += 1;
        }
      }
      const last = value.length < limit ? undefined : value.at(-1);
      return { ...removed, unreadable, next: last ? last.key.slice(prefix.length) : null };
    },
  };
}

const nothing: Removed = { sessions: 0, turns: 0 };

/** How old such a session is, and whose, nobody can tell; others must not wait for somebody who can. */
function isUnreadable(error: unknown): boolean {
  return error instanceof Problem && error.code === "internal";
}

function sessionIn(indexKey: string): string {
  return indexKey.slice(indexKey.lastIndexOf("/") + 1);
}

function sum(one: Removed, other: Removed): Removed {
  return { sessions: one.sessions + other.sessions, turns: one.turns + other.turns };
}

function removalOfSession({ sessionId, indexKey, version }: Doomed): readonly Write[] {
  return [
    // Where other processes have added turns to it unseen, the mark stays, and a later call deletes those too.
    { kind: "delete", collection: "sessions", key: records.sessionKey(sessionId), expect: version },
    { kind: "delete", collection: "sessions", key: indexKey },
  ];
}
