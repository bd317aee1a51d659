import type { CallContext } from "../fallbacks/core/context.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import type { Json, StoredRecord, Write } from "../fallbacks/store/port.ts";
import { Problem } from "../problems.ts";
import type { Owner } from "./conversations.ts";
import * as records from "./records.ts";

/** A record with the version that a write to it expects. */
export interface Versioned<T> {
  readonly key: string;
  readonly record: T;
  readonly version: number;
}

/** Sessions and turns as they are stored, one at a time. */
export interface Sessions {
  /** Of whoever it is. */
  session(sessionId: string, context: CallContext): Promise<Versioned<records.SessionRecord> | undefined>;
  /**
   * Also one that is being deleted.
   * @throws {Problem} `session_not_found`, also for somebody else's; `store_unavailable` when it is not here and another port stands
   * in for the store, which may have it.
   */
  owned(owner: Owner, sessionId: string, context: CallContext): Promise<Versioned<records.SessionRecord>>;
  /** @throws {Problem} as `owned`; `session_not_found` for one that is being deleted. */
  own(owner: Owner, sessionId: string, context: CallContext): Promise<Versioned<records.SessionRecord>>;
  /** In the key of today, or in that of older versions. */
  turn(
    sessionId: string,
    seq: number,
    turnId: string,
    context: CallContext,
  ): Promise<Versioned<records.TurnRecord> | undefined>;
  index(owner: string, turnId: string, context: CallContext): Promise<Versioned<records.IndexRecord> | undefined>;
  /** False: somebody else was faster. */
  commit(writes: readonly Write[], context: CallContext): Promise<boolean>;
}

const RETRY_AFTER_S = 5;

export function createSessions(store: StoreAccess, newId: () => string): Sessions {
  async function session(sessionId: string, context: CallContext) {
    const { value } = await store.get("sessions", records.sessionKey(sessionId), context);
    return versioned(value, records.readSession);
  }

  async function owned(owner: Owner, sessionId: string, context: CallContext) {
    const place = { collection: "sessions", key: records.sessionKey(sessionId) } as const;
    const { value, degraded } = await store.get(place.collection, place.key, context);
    // An outage is never "not found"; what was deleted here is gone all the same.
    if (!value && degraded && !(await store.wasDeleted?.(place, context))) throw cannotTell();
    const found = versioned(value, records.readSession);
    if (!found || found.record.owner !== records.ownerKey(owner)) throw notYours();
    return found;
  }

  return {
    session,
    owned,
    async own(owner, sessionId, context) {
      const found = await owned(owner, sessionId, context);
      if (found.record.removedAt !== null) throw notYours();
      return found;
    },
    async turn(sessionId, seq, turnId, context) {
      const { value } = await store.get("turns", records.turnKey(sessionId, seq, turnId), context);
      if (value) return versioned(value, records.readTurn);
      const older = await store.get("turns", records.numberKey(sessionId, seq), context);
      const found = versioned(older.value, records.readTurn);
      return found?.record.turnId === turnId ? found : undefined;
    },
    async index(owner, turnId, context) {
      const { value } = await store.get("turn_index", records.turnIndexKey(owner, turnId), context);
      return versioned(value, records.readIndex);
    },
    async commit(writes, context) {
      return (await store.commit({ id: newId(), writes }, context)).value.status === "applied";
    },
  };
}

/** `session_not_found`: it is nobody's, or somebody else's, which nobody may tell apart. */
export function notYours(): Problem {
  return new Problem("session_not_found", "session_id names no session of yours", { field: "session_id" });
}

function cannotTell(): Problem {
  return new Problem("store_unavailable", "session_id: whether there is such a session cannot be told at the moment", {
    field: "session_id",
    retryAfterS: RETRY_AFTER_S,
  });
}

/** Others were faster each time. */
export function lostEveryRace(): Problem {
  return new Problem("too_many_turns", "others write to this session all the time", { retryAfterS: 1 });
}

function versioned<T>(stored: StoredRecord | undefined, read: (value: Json) => T): Versioned<T> | undefined {
  return stored && { key: stored.key, record: read(stored.value), version: stored.version };
}
