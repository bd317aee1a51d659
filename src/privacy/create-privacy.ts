import { createHash } from "node:crypto";
import { z } from "zod";
import type { Conversations, Owner } from "../conversations/conversations.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import { LayerError } from "../fallbacks/core/errors.ts";
import type { JobRun, Jobs } from "../jobs/jobs.ts";
import { stepContext } from "../jobs/step-context.ts";
import type { Handoffs } from "../support/handoffs.ts";
import type { Tickets } from "../support/tickets.ts";
import type { DataItem, DataScope, Erased, EraseProgress, Privacy } from "./privacy.ts";

export interface PrivacyDeps {
  readonly conversations: Pick<Conversations, "export">;
  readonly tickets: Pick<Tickets, "all">;
  readonly handoffs: Pick<Handoffs, "of">;
  /** The same for deleting: over a store that does not answer from an old copy (`sharedOnly`), where one is shared. */
  readonly erasing: {
    readonly conversations: Pick<Conversations, "sessionIds" | "removeAll">;
    readonly tickets: Pick<Tickets, "removeAll">;
    readonly handoffs: Pick<Handoffs, "removeAll">;
  };
  readonly jobs: Pick<Jobs, "add" | "get" | "handle">;
  /** 32 hex digits, never the same twice. */
  readonly newId: () => string;
  /** Ids of all configured keys, and of whoever came without one. */
  readonly keyIds: () => readonly string[];
}

const KIND = "erase";

const payloadSchema = z.object({ user: z.string(), key_ids: z.array(z.string()) });
const progressSchema = z.object({
  keys: z.number(),
  sessions: z.number(),
  turns: z.number(),
  tickets: z.number(),
  handoffs: z.number(),
});
const nothing: EraseProgress = { keys: 0, sessions: 0, turns: 0, tickets: 0, handoffs: 0 };

/**
 * Takes the jobs of the kind `erase`. Whoever was told that their data will be deleted is not let down by a server that fails or dies five
 * times, so these are never given up. Their payload, which names the user, is forgotten when they are over.
 */
export function createPrivacy(deps: PrivacyDeps): Privacy {
  const { conversations, tickets, handoffs, erasing, jobs, newId } = deps;

  function ownersOf({ keyId, user }: DataScope): readonly Owner[] {
    const keyIds = keyId === null ? deps.keyIds() : [keyId];
    return [...new Set(keyIds)].map((each) => ({ keyId: each, user }));
  }

  async function* everything(owner: Owner, context: CallContext): AsyncGenerator<DataItem> {
    const { keyId } = owner;
    const tagged = ownerText(owner);
    for await (const { session, turns } of conversations.export(owner, context)) {
      const { sessionId } = session;
      yield { type: "session", keyId, session };
      for await (const turn of turns) yield { type: "turn", sessionId, turn };
      for await (const handoff of handoffs.of({ sessionId }, context)) yield { type: "handoff", keyId, handoff };
    }
    for await (const ticket of tickets.all(tagged, context)) yield { type: "ticket", keyId, ticket };
    for await (const handoff of handoffs.of({ owner: tagged }, context)) yield { type: "handoff", keyId, handoff };
  }

  /** Hand-offs go first, for sessions lead to them; and once more, for turns that ran on meanwhile. */
  async function eraseAll(owner: Owner, context: CallContext): Promise<Erased> {
    const sessionIds: string[] = [];
    for await (const sessionId of erasing.conversations.sessionIds(owner, context)) sessionIds.push(sessionId);
    const removeHandoffs = async () => {
      let count = await erasing.handoffs.removeAll({ owner: ownerText(owner) }, context);
      for (const sessionId of sessionIds) count += await erasing.handoffs.removeAll({ sessionId }, context);
      return count;
    };
    const before = await removeHandoffs();
    const { sessions, turns } = await erasing.conversations.removeAll(owner, context);
    const after = await removeHandoffs();
    const tickets = await erasing.tickets.removeAll(ownerText(owner), context);
    return { sessions, turns, tickets, handoffs: before + after };
  }

  async function run({ job, context, progress }: JobRun) {
    const { user, key_ids: keyIds } = readPayload(job.payload);
    let done: EraseProgress = progressSchema.safeParse(job.progress).data ?? nothing;
    for (const keyId of keyIds.slice(done.keys)) {
      context.signal.throwIfAborted();
      done = { ...add(done, await eraseAll({ keyId, user }, stepContext(context))), keys: done.keys + 1 };
      await progress({ ...done });
    }
    const { keys: _keys, ...counts } = done;
    return counts;
  }

  jobs.handle(KIND, run, { forgetPayload: true, attempts: "never_give_up" });

  return {
    async *export(scope, context) {
      for (const owner of ownersOf(scope)) yield* everything(owner, context);
    },
    erase(scope, context) {
      const payload = { user: scope.user, key_ids: ownersOf(scope).map(({ keyId }) => keyId) };
      return jobs.add({ kind: KIND, payload, jobId: `${jobsOf(scope)}${newId()}` }, context);
    },
    async erasure(scope, jobId, context) {
      return jobId.startsWith(jobsOf(scope)) ? jobs.get(jobId, context) : undefined;
    },
  };
}

/** What the ids of a scope's jobs begin with: they tell whose they are when the payload is forgotten, and do not name the user. */
function jobsOf({ keyId, user }: DataScope): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([keyId, user]))
    .digest("hex")
    .slice(0, 32);
  return `${KIND}_${hash}_`;
}

/** As turns name the owner of tickets and hand-offs. */
function ownerText({ keyId, user }: Owner): string {
  return JSON.stringify([keyId, user]);
}

function readPayload(payload: unknown): z.infer<typeof payloadSchema> {
  const parsed = payloadSchema.safeParse(payload);
  if (parsed.success) return parsed.data;
  throw new LayerError("invalid_request", "the payload of an erase job cannot be read", { cause: parsed.error });
}

function add(done: EraseProgress, more: Erased): Erased {
  return {
    sessions: done.sessions + more.sessions,
    turns: done.turns + more.turns,
    tickets: done.tickets + more.tickets,
    handoffs: done.handoffs + more.handoffs,
  };
}
