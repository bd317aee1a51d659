import type { CallContext } from "../fallbacks/core/context.ts";
import type { Page } from "../fallbacks/core/page.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import type { StoredRecord, Write } from "../fallbacks/store/port.ts";
import { Problem } from "../problems.ts";
import type { Conversations, Owner, SessionInfo, Turn } from "./conversations.ts";
import * as records from "./records.ts";

interface OwnSession {
  readonly session: records.SessionRecord;
  readonly version: number;
}

/** What was said before: reading and deleting it. */
export interface History {
  /** @throws {Problem} `session_not_found`, also for somebody else's. */
  own(owner: Owner, sessionId: string, context: CallContext): Promise<OwnSession>;
  /** The last turns before `seq` that are done, oldest first; looks at most at the last 500. */
  recent(sessionId: string, seq: number, count: number, context: CallContext): Promise<readonly Turn[]>;
  readonly sessions: Conversations["list"];
  readonly turns: Conversations["turns"];
  readonly remove: Conversations["remove"];
}

interface PageRequest {
  readonly after?: string;
  readonly limit: number;
}

const LONGEST_PAGE = 500;
const RECENT_PAGE = 50;
const RECENT_LOOKED_AT = 500;
/** Turns deleted in one operation: small enough not to hold up other writes. */
const REMOVED_AT_ONCE = 400;

export function createHistory(
  store: StoreAccess,
  deps: { readonly isRun: (key: string) => boolean; readonly newId: () => string },
): History {
  const shown = (record: StoredRecord) =>
    records.shownTurn(records.seqOf(record), records.readTurn(record), deps.isRun(record.key));

  async function own(owner: Owner, sessionId: string, context: CallContext): Promise<OwnSession> {
    const { value } = await store.get("sessions", records.sessionKey(sessionId), context);
    const session = value && records.readSession(value);
    if (!session || session.owner !== records.ownerKey(owner)) {
      throw new Problem("session_not_found", "session_id names no session of yours", { field: "session_id" });
    }
    return { session, version: value.version };
  }

  return {
    own,
    async recent(sessionId, seq, count, context) {
      const done: Turn[] = [];
      let after = records.turnKey(sessionId, seq);
      for (let looked = 0; looked < RECENT_LOOKED_AT && done.length < count; looked += RECENT_PAGE) {
        const request = { collection: "turns", prefix: records.turnsOf(sessionId), reverse: true } as const;
        const { value } = await store.list({ ...request, after, limit: RECENT_PAGE }, context);
        done.push(...value.map(shown).filter((turn) => turn.status === "done"));
        const last = value.at(-1);
        if (!last || value.length < RECENT_PAGE) break;
        after = last.key;
      }
      return done.slice(0, count).reverse();
    },
    async sessions(owner, page, context): Promise<Page<SessionInfo>> {
      const prefix = records.sessionsOf(records.ownerKey(owner));
      const { items, next } = await pageOf(store, { collection: "sessions", prefix, reverse: true }, page, context);
      const found = await Promise.all(
        items.map(async ({ key }) => {
          const sessionId = key.slice(key.lastIndexOf("/") + 1);
          const { value } = await store.get("sessions", records.sessionKey(sessionId), context);
          return value ? [records.infoOf(sessionId, records.readSession(value))] : [];
        }),
      );
      return { items: found.flat(), next };
    },
    async turns(owner, sessionId, page, context) {
      const { session } = await own(owner, sessionId, context);
      const prefix = records.turnsOf(sessionId);
      const { items, next } = await pageOf(store, { collection: "turns", prefix, reverse: false }, page, context);
      return { ...records.infoOf(sessionId, session), items: items.map(shown), next };
    },
    async remove(owner, sessionId, context) {
      const { session } = await own(owner, sessionId, context);
      for (;;) {
        const request = { collection: "turns", prefix: records.turnsOf(sessionId), limit: REMOVED_AT_ONCE } as const;
        const { value } = await store.list(request, context);
        const last = value.length < REMOVED_AT_ONCE;
        // The session goes with the last of its turns: a deletion that breaks off can be asked for again.
        const writes = [
          ...value.flatMap((record) => removalOfTurn(session.owner, record)),
          ...(last ? removalOfSession(sessionId, session) : []),
        ];
        await store.commit({ id: deps.newId(), writes }, context);
        // A turn that began between the list and the deletion; without the session no further one can begin.
        if (last && value.length === 0) return;
      }
    },
  };
}

/** `next` is what follows the prefix in the key of the last item. */
async function pageOf(
  store: StoreAccess,
  request: { readonly collection: "sessions" | "turns"; readonly prefix: string; readonly reverse: boolean },
  page: PageRequest,
  context: CallContext,
): Promise<Page<StoredRecord>> {
  const { after, limit } = page;
  if (!Number.isInteger(limit) || limit < 1 || limit > LONGEST_PAGE) {
    throw new Problem("invalid_request", `limit must be a whole number from 1 to ${LONGEST_PAGE}`, { field: "limit" });
  }
  if (after !== undefined && !/^[\w:.-]+(\/\w+)?$/.test(after)) {
    throw new Problem("invalid_request", "after must be the next of an earlier page", { field: "after" });
  }
  const start = after === undefined ? {} : { after: request.prefix + after };
  // One more than asked for tells whether there is a next page.
  const { value } = await store.list({ ...request, ...start, limit: limit + 1 }, context);
  const items = value.slice(0, limit);
  const last = items.at(-1);
  return { items, next: value.length > limit && last ? last.key.slice(request.prefix.length) : null };
}

function removalOfTurn(owner: string, record: StoredRecord): readonly Write[] {
  const { turnId } = records.readTurn(record);
  return [
    { kind: "delete", collection: "turns", key: record.key },
    { kind: "delete", collection: "turn_index", key: records.turnIndexKey(owner, turnId) },
  ];
}

function removalOfSession(sessionId: string, session: records.SessionRecord): readonly Write[] {
  const indexKey = records.sessionIndexKey(session.owner, session.createdAt, sessionId);
  return [
    { kind: "delete", collection: "sessions", key: records.sessionKey(sessionId) },
    { kind: "delete", collection: "sessions", key: indexKey },
  ];
}
