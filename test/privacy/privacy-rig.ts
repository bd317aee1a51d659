import type { Conversations, Owner } from "../../src/conversations/conversations.ts";
import { createConversations } from "../../src/conversations/create-conversations.ts";
import type { CallContext } from "../../src/fallbacks/core/context.ts";
import type { StoreAccess } from "../../src/fallbacks/store/access.ts";
import { sharedOnly } from "../../src/jobs/shared-only.ts";
import { createPrivacy } from "../../src/privacy/create-privacy.ts";
import type { Privacy } from "../../src/privacy/privacy.ts";
import { createHandoffs, type Handoffs } from "../../src/support/handoffs.ts";
import { createTickets, type Tickets } from "../../src/support/tickets.ts";
import { createIds } from "../contracts/store-access.ts";
import { createTown, createWorker, type Town, type Worker } from "../jobs/jobs-rig.ts";
import { testContext } from "../support/context.ts";
import type { ManualClock } from "../support/manual-clock.ts";

/** One process with everything that users leave behind, over the given store. */
export interface PrivacyRig {
  readonly conversations: Conversations;
  readonly tickets: Tickets;
  readonly handoffs: Handoffs;
  readonly privacy: Privacy;
  readonly worker: Worker;
  context(): CallContext;
  /** A turn from its beginning to its end, with a ticket and a hand-off when it is asked for. Returns the session's id. */
  say(
    owner: Owner,
    message: string,
    more?: { readonly sessionId?: string; readonly support?: boolean },
  ): Promise<string>;
}

export const keyIds = ["key-1", "key-2"];

export function createPrivacyRig(
  store: StoreAccess,
  clock: ManualClock,
  change: { readonly town?: Town; readonly settings?: { readonly pollMs: number } } = {},
): PrivacyRig {
  const newId = createIds();
  const conversations = createConversations(store, { clock, newId, random: () => 0.5 });
  const tickets = createTickets(store, { clock, random: () => 0.5 });
  const handoffs = createHandoffs(store, { clock });
  const { town = createTown(), settings = {} } = change;
  const worker = createWorker({ store, clock, town, settings });
  const strict = sharedOnly(store, clock);
  const erasing = {
    conversations: createConversations(strict, { clock, newId }),
    tickets: createTickets(strict, { clock, random: () => 0.5 }),
    handoffs: createHandoffs(strict, { clock }),
  };
  const { jobs } = worker;
  const privacy = createPrivacy({ conversations, tickets, handoffs, erasing, jobs, newId, keyIds: () => keyIds });
  const context = () => testContext({ clock, deadlineMs: 3_600_000 });
  return {
    conversations,
    tickets,
    handoffs,
    privacy,
    worker,
    context,
    async say(owner, message, { sessionId, support } = {}) {
      const turnId = newId();
      const request = { owner, message, turnId, recent: 0, ...(sessionId !== undefined && { sessionId }) };
      const begun = await conversations.begin(request, context());
      if (!("open" in begun)) throw new Error("the turn is known already");
      const { open } = begun;
      if (support) {
        const tagged = JSON.stringify([owner.keyId, owner.user]);
        await tickets.open(
          {
            operationId: turnId,
            owner: tagged,
            category: "product",
            priority: "low",
            problem: message,
            language: "zh",
          },
          context(),
        );
        const card = { handoffId: `ho_${turnId}`, sessionId: open.sessionId, user: owner.user, summary: message };
        await handoffs.create(card, { operationId: `${turnId}:handoff` }, context());
        await handoffs.create(
          { ...card, handoffId: `ho2_${turnId}` },
          { operationId: `${turnId}:handoff 2`, owner: tagged },
          context(),
        );
      }
      await conversations.finish(open, { status: "done", reply: { reply: message }, memory: message }, context());
      return open.sessionId;
    },
  };
}
