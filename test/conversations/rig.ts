import { type Cluster, createAlone } from "../../src/cluster/cluster.ts";
import type { BeginTurn, Conversations, OpenTurn, Owner } from "../../src/conversations/conversations.ts";
import { createConversations } from "../../src/conversations/create-conversations.ts";
import {
  numberKey,
  ownerKey,
  sessionIndexKey,
  sessionKey,
  turnIndexKey,
  turnKey,
} from "../../src/conversations/records.ts";
import type { Clock } from "../../src/fallbacks/core/clock.ts";
import { type CallContext, createContext } from "../../src/fallbacks/core/context.ts";
import type { StoreAccess } from "../../src/fallbacks/store/access.ts";
import type { Write } from "../../src/fallbacks/store/port.ts";
import { Problem } from "../../src/problems.ts";
import { createIds } from "../contracts/store-access.ts";

export const ann: Owner = { keyId: "key-1", user: "ann" };
export const newId = createIds();

export function contextOf(clock: Clock, deadlineMs = 3_600_000): CallContext {
  return createContext({ clock, requestId: "test", deadlineMs });
}

/** Processes of one cluster: what they know of one another is set by the test. */
export interface FakePeers {
  /** By instance; absent: no more. */
  readonly alive: Map<string, boolean | undefined>;
  join(instance: string): Cluster;
}

export function createPeers(): FakePeers {
  const alive = new Map<string, boolean | undefined>();
  return {
    alive,
    join(instance) {
      alive.set(instance, true);
      return { ...createAlone(instance), alive: async (other) => (alive.has(other) ? alive.get(other) : false) };
    },
  };
}

/** Conversations as one process has them, with what tests do most. */
export interface Talker {
  readonly conversations: Conversations;
  readonly begin: (turnId: string, sessionId?: string, more?: Partial<BeginTurn>) => Promise<OpenTurn>;
  readonly finish: (open: OpenTurn, reply?: string) => Promise<void>;
  /** A turn from its beginning to its end; its reply and memory are its id. Gives the session. */
  readonly say: (turnId: string, sessionId?: string) => Promise<string>;
}

export function createTalker(access: StoreAccess, clock: Clock, cluster?: Cluster): Talker {
  const conversations = createConversations(access, { clock, newId, ...(cluster && { cluster }), random: () => 0.5 });
  const talker: Talker = {
    conversations,
    async begin(turnId, sessionId, more = {}) {
      const session = sessionId === undefined ? {} : { sessionId };
      const request = { owner: ann, turnId, message: `about ${turnId}`, recent: 5, ...session, ...more };
      const begun = await conversations.begin(request, contextOf(clock));
      if (!("open" in begun)) throw new Error(`${turnId} is known already`);
      return begun.open;
    },
    async finish(open, reply = open.turn.turnId) {
      await conversations.finish(open, { status: "done", reply, memory: { last: reply } }, contextOf(clock));
    },
    async say(turnId, sessionId) {
      const open = await talker.begin(turnId, sessionId);
      await talker.finish(open);
      return open.sessionId;
    },
  };
  return talker;
}

export function problemOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "none",
    (error: unknown) => (error instanceof Problem ? error.code : String(error)),
  );
}

/** Writes a session of Ann's with `turns` turns that are done, without having them said one by one. */
export async function seedSession(
  access: StoreAccess,
  clock: Clock,
  {
    sessionId,
    turns,
    form = "new",
  }: { readonly sessionId: string; readonly turns: number; readonly form?: "new" | "old" },
): Promise<void> {
  const owner = ownerKey(ann);
  const at = clock.wall().toISOString();
  const session = { owner, title: "long", turns, createdAt: at, updatedAt: at, memory: { last: "m" } };
  const put = (collection: Write["collection"], key: string, value: object): Write => ({
    kind: "put",
    collection,
    key,
    value: value as Record<string, string>,
  });
  let writes = [
    put("sessions", sessionKey(sessionId), session),
    put("sessions", sessionIndexKey(owner, at, sessionId), { sessionId }),
  ];
  const save = async () => {
    await access.commit({ id: newId(), writes }, contextOf(clock));
    writes = [];
  };
  for (let seq = 1; seq <= turns; seq += 1) {
    const turnId = `${sessionId}-${String(seq).padStart(6, "0")}`;
    const key = form === "old" ? numberKey(sessionId, seq) : turnKey(sessionId, seq, turnId);
    writes.push(put("turns", key, { turnId, message: "m", status: "done", at, reply: turnId }));
    writes.push(put("turn_index", turnIndexKey(owner, turnId), { sessionId, seq }));
    if (writes.length >= 1_000) await save();
  }
  await save();
}
