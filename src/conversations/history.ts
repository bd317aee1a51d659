import type { CallContext } from "../fallbacks/core/context.ts";
import type { Page } from "../fallbacks/core/page.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import type { StoredRecord } from "../fallbacks/store/port.ts";
import { Problem } from "../problems.ts";
import type { Conversations, ExportedTurn, Owner, SessionInfo, Turn } from "./conversations.ts";
import type { Liveness } from "./liveness.ts";
import * as records from "./records.ts";
import type { Sessions } from "./sessions.ts";

/** What was said before. */
export interface History {
  /** The last turns before `seq` that are done, by number and time, the oldest first; looks at most at the last 500. */
  recent(sessionId: string, seq: number, count: number, context: CallContext): Promise<readonly Turn[]>;
  /** Whether more than one turn has that number. */
  isFork(sessionId: string, seq: number, context: CallContext): Promise<boolean>;
  readonly sessions: Conversations["list"];
  readonly turns: Conversations["turns"];
  readonly export: Conversations["export"];
}

interface PageRequest {
  readonly after?: string;
  readonly limit: number;
}

interface Part {
  readonly collection: "sessions" | "turns";
  readonly prefix: string;
  readonly reverse: boolean;
}

const LONGEST_PAGE = 500;
const EXPORT_PAGE = 100;
/** Most of the last turns are done, so a few records are enough; behind failed ones it takes longer steps. */
const RECENT_FIRST_PAGE = 10;
const RECENT_PAGE = 70;
const RECENT_LOOKED_AT = 500;

export function createHistory(store: StoreAccess, sessions: Sessions, liveness: Liveness): History {
  async function shown(record: StoredRecord, fork: boolean): Promise<Turn> {
    const turn = records.readTurn(record.value);
    const seq = records.seqOf(record.key);
    const sessionId = record.key.slice(0, record.key.indexOf("/"));
    const isRun =
      turn.status === "running" && (await liveness.lives(records.turnKey(sessionId, seq, turn.turnId), turn.run));
    return records.shownTurn(seq, turn, { isRun, fork });
  }

  async function exported(record: StoredRecord, fork: boolean): Promise<ExportedTurn> {
    const { alternatives, knowledge } = records.readTurn(record.value);
    const unanswered = knowledge?.unanswered.map(({ question }) => question) ?? [];
    return { ...(await shown(record, fork)), alternatives, unanswered };
  }

  /** `next` is what follows the prefix in the key of the last item; `beyond` is the record behind it. */
  async function pageOf(part: Part, { after, limit }: PageRequest, context: CallContext) {
    if (!Number.isInteger(limit) || limit < 1 || limit > LONGEST_PAGE) {
      throw new Problem("invalid_request", `limit must be a whole number from 1 to ${LONGEST_PAGE}`, {
        field: "limit",
      });
    }
    if (after !== undefined && !/^[\w:.-]+(\/.+)?$/su.test(after)) {
      throw new Problem("invalid_request", "after must be the next of an earlier page", { field: "after" });
    }
    const start = after === undefined ? {} : { after: part.prefix + after };
    // One more than asked for tells whether there is a next page.
    const { value } = await store.list({ ...part, ...start, limit: limit + 1 }, context);
    const items = value.slice(0, limit);
    const last = items.at(-1);
    const beyond = value[limit];
    return { items, beyond, next: beyond && last ? last.key.slice(part.prefix.length) : null };
  }

  async function sessionPage(owner: Owner, page: PageRequest, context: CallContext): Promise<Page<SessionInfo>> {
    const prefix = records.sessionsOf(records.ownerKey(owner));
    const { items, next } = await pageOf({ collection: "sessions", prefix, reverse: true }, page, context);
    const found = await Promise.all(
      items.map(async ({ key }) => {
        const sessionId = key.slice(key.lastIndexOf("/") + 1);
        const session = await sessions.session(sessionId, context);
        return session?.record.removedAt === null ? [records.infoOf(sessionId, session.record)] : [];
      }),
    );
    return { items: found.flat(), next };
  }

  async function turnPage<T extends Turn>(
    sessionId: string,
    page: PageRequest & { readonly reverse?: boolean },
    show: (record: StoredRecord, fork: boolean) => Promise<T>,
    context: CallContext,
  ): Promise<Page<T>> {
    const { reverse = false, after } = page;
    const prefix = records.turnsOf(sessionId);
    const { items, beyond, next } = await pageOf({ collection: "turns", prefix, reverse }, page, context);
    // Turns of one number are neighbours, also across the border of a page.
    const seqs = [after && prefix + after, ...items.map(({ key }) => key), beyond?.key].map((key) =>
      key ? records.seqOf(key) : undefined,
    );
    const fork = (at: number) => seqs[at + 1] === seqs[at] || seqs[at + 1] === seqs[at + 2];
    return { items: await Promise.all(items.map((record, at) => show(record, fork(at)))), next };
  }

  async function* everyTurn(sessionId: string, context: CallContext): AsyncGenerator<ExportedTurn> {
    yield* everyItem((page) => turnPage(sessionId, page, exported, context));
  }

  return {
    async recent(sessionId, seq, count, context) {
      const done: Turn[] = [];
      const request = { collection: "turns", prefix: records.turnsOf(sessionId), reverse: true } as const;
      let after = records.numberKey(sessionId, seq);
      let limit = Math.max(count, RECENT_FIRST_PAGE);
      for (let looked = 0; looked < RECENT_LOOKED_AT && done.length < count; looked += limit, limit = RECENT_PAGE) {
        const { value } = await store.list({ ...request, after, limit }, context);
        const turns = await Promise.all(value.map((record) => shown(record, false)));
        done.push(...turns.filter((turn) => turn.status === "done"));
        const last = value.at(-1);
        if (!last || value.length < limit) break;
        after = last.key;
      }
      done.sort((one, other) => other.seq - one.seq || (one.at < other.at ? 1 : -1));
      return done.slice(0, count).reverse();
    },
    async isFork(sessionId, seq, context) {
      const prefix = records.numberKey(sessionId, seq);
      return (await store.list({ collection: "turns", prefix, limit: 2 }, context)).value.length > 1;
    },
    sessions: sessionPage,
    async turns(owner, sessionId, page, context) {
      const { record } = await sessions.own(owner, sessionId, context);
      return { ...records.infoOf(sessionId, record), ...(await turnPage(sessionId, page, shown, context)) };
    },
    async *export(owner, context) {
      for await (const session of everyItem((page) => sessionPage(owner, page, context))) {
        yield { session, turns: everyTurn(session.sessionId, context) };
      }
    },
  };
}

async function* everyItem<T>(read: (page: PageRequest) => Promise<Page<T>>): AsyncGenerator<T> {
  let after: string | null = null;
  do {
    const page: Page<T> = await read({ limit: EXPORT_PAGE, ...(after !== null && { after }) });
    yield* page.items;
    after = page.next;
  } while (after !== null);
}
