import type { CallContext } from "../fallbacks/core/context.ts";
import type { Page } from "../fallbacks/core/page.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import type { Write } from "../fallbacks/store/port.ts";
import { Problem } from "../problems.ts";
import type { KnowledgeUse, Turn } from "./conversations.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import * as rows from "./use-rows.ts";

/** A turn of whoever it is, with what the knowledge base was to it. */
export interface UsedTurn extends Pick<Turn, "turnId" | "seq" | "message" | "at" | "reply"> {
  readonly sessionId: string;
  readonly knowledge: KnowledgeUse;
}

/** Where a sweep stands. `group`: the one that it is in; `count`: how many rows of it were met. */
export interface TrimState {
  readonly after: string | null;
  readonly group: string;
  readonly count: number;
}

/** Turns of all users by what the knowledge base was to them. What is deleted, or is being deleted, is not among them. */
export interface KnowledgeUses {
  /** Those in which a question was not answered, newest first, from `until` back to `since`, at most `most`; read page by page. */
  unanswered(
    range: { readonly since: Date; readonly until: Date; readonly most: number },
    context: CallContext,
  ): AsyncIterable<UsedTurn>;
  /** Those whose reply cites that document, newest first; `limit` 1 to 500. A page may have fewer, and more may follow. */
  citing(
    documentId: string,
    page: { readonly after?: string; readonly limit: number },
    context: CallContext,
  ): Promise<Page<UsedTurn>>;
  /**
   * One step of a sweep through all rows: those older than `before`, and those behind the newest `most`, go; the turns stay. `next` is where the
   * next step goes on; null: all were looked at.
   */
  trim(
    bounds: { readonly before: Date; readonly most: { readonly unanswered: number; readonly cited: number } },
    from: TrimState | null,
    context: CallContext,
  ): Promise<{ readonly removed: number; readonly next: TrimState | null }>;
}

/** Turns that are read at a time: the event loop is free in between. */
const AT_ONCE = 25;
const SWEPT_AT_ONCE = 400;
const LONGEST_PAGE = 500;

export function createKnowledgeUses(store: StoreAccess, { newId }: { readonly newId: () => string }): KnowledgeUses {
  const sessions = createSessions(store, newId);

  async function* read(keys: readonly string[], prefix: string, context: CallContext): AsyncGenerator<UsedTurn> {
    const isOpen = createOpenSessions(sessions, context);
    for (let from = 0; from < keys.length; from += AT_ONCE) {
      const some = keys.slice(from, from + AT_ONCE);
      const turns = await Promise.all(some.map((key) => turnOf(key.slice(prefix.length), isOpen, context)));
      yield* turns.filter((turn) => turn !== undefined);
    }
  }

  /** A row alone proves nothing: the turn may be gone, or have become another one when two stores were united. */
  async function turnOf(
    rest: string,
    isOpen: (sessionId: string) => Promise<boolean>,
    context: CallContext,
  ): Promise<UsedTurn | undefined> {
    const place = rows.rowPlace(rest);
    if (!place) return undefined;
    const { sessionId, seq, turnId } = place;
    const [stored, open] = await Promise.all([
      readable(sessions.turn(sessionId, seq, turnId, context)),
      isOpen(sessionId),
    ]);
    const turn = stored?.record;
    if (!open || !turn?.knowledge || turn.at !== place.at) return undefined;
    const { message, at, reply, knowledge } = turn;
    return { sessionId, seq, turnId, message, at, reply, knowledge };
  }

  async function list(prefix: string, after: string | undefined, limit: number, context: CallContext) {
    const start = after === undefined ? {} : { after: prefix + after };
    const request = { collection: "knowledge_uses", prefix, reverse: true, limit, ...start } as const;
    return (await store.list(request, context)).value.map(({ key }) => key);
  }

  return {
    async *unanswered({ since, until, most }, context) {
      const prefix = rows.unansweredRows;
      const oldest = prefix + since.toISOString();
      // Behind every row of that very time.
      let after = `${until.toISOString()}0`;
      for (let left = most; ; ) {
        const keys = await list(prefix, after, Math.min(left, LONGEST_PAGE), context);
        const due = keys.filter((key) => key >= oldest);
        for await (const turn of read(due, prefix, context)) {
          yield turn;
          left -= 1;
        }
        const last = keys.at(-1);
        if (left === 0 || last === undefined || due.length < keys.length) return;
        after = last.slice(prefix.length);
      }
    },
    async citing(documentId, { after, limit }, context) {
      if (after !== undefined && !rows.rowPlace(after)) {
        throw new Problem("invalid_request", "after must be the next of an earlier page", { field: "after" });
      }
      const prefix = rows.citedRowsOf(documentId);
      // One more than asked for tells whether there is a next page.
      const keys = await list(prefix, after, limit + 1, context);
      const items: UsedTurn[] = [];
      for await (const turn of read(keys.slice(0, limit), prefix, context)) {
        if (turn.knowledge.cited.includes(documentId)) items.push(turn);
      }
      const last = keys.length > limit ? keys[limit - 1] : undefined;
      return { items, next: last?.slice(prefix.length) ?? null };
    },
    async trim({ before, most }, from, context) {
      const start = from?.after == null ? {} : { after: from.after };
      const request = { collection: "knowledge_uses", reverse: true, limit: SWEPT_AT_ONCE, ...start } as const;
      const { value } = await store.list(request, context);
      const oldest = before.toISOString();
      let { group, count } = from ?? { group: "", count: 0 };
      const removed: Write[] = [];
      for (const { key } of value) {
        const own = rows.rowGroup(key);
        count = own === group ? count + 1 : 1;
        group = own;
        const at = key.slice(own.length, key.indexOf("/", own.length));
        if (at < oldest || count > (own === rows.unansweredRows ? most.unanswered : most.cited)) {
          removed.push(rows.deleteRow(key));
        }
      }
      if (removed.length > 0) await sessions.commit(removed, context);
      const last = value.length < SWEPT_AT_ONCE ? undefined : value.at(-1);
      return { removed: removed.length, next: last ? { after: last.key, group, count } : null };
    },
  };
}

/** Whether a session is there for anybody: looked up once, for most have several turns. */
function createOpenSessions(sessions: Sessions, context: CallContext): (sessionId: string) => Promise<boolean> {
  const known = new Map<string, Promise<boolean>>();
  const look = async (sessionId: string) =>
    (await readable(sessions.session(sessionId, context)))?.record.removedAt === null;
  return (sessionId) => {
    const looked = known.get(sessionId) ?? look(sessionId);
    known.set(sessionId, looked);
    return looked;
  };
}

/** One record that cannot be read must not hide all others. */
async function readable<T>(reading: Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Problem && error.code === "internal") return undefined;
    throw error;
  }
}
