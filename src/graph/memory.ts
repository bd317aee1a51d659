import { z } from "zod";
import type { Turn } from "../conversations/conversations.ts";
import type { Json } from "../fallbacks/store/port.ts";
import { intents } from "./language.ts";
import type { ChatState, PastTurn, Slots } from "./state.ts";

/** What a session remembers between turns beside its history. */
export interface SessionMemory {
  readonly slots: Slots;
  /** Turns in a row that did not resolve anything. */
  readonly failures: number;
}

const change = z.object({
  tool: z.string(),
  arguments: z.record(z.string(), z.string()),
  operationId: z.string(),
  shownAt: z.iso.datetime(),
});

const memorySchema = z.object({
  slots: z.object({
    orderId: z.string().exactOptional(),
    returnId: z.string().exactOptional(),
    ticketId: z.string().exactOptional(),
    contact: z.string().exactOptional(),
    offer: change.exactOptional(),
    unconfirmed: z.array(change).exactOptional(),
  }),
  failures: z.int().min(0),
});

/** Reads what `remember` wrote; a new session, and one of a version that wrote something else, starts empty. */
export function recall(stored: Json): SessionMemory {
  const parsed = memorySchema.safeParse(stored);
  return parsed.success ? parsed.data : { slots: {}, failures: 0 };
}

/** The memory after a turn: small talk leaves the count of failures as it is, a hand-off clears it. */
export function remember(state: ChatState): SessionMemory {
  return { slots: state.slots, failures: failuresAfter(state) };
}

function failuresAfter(state: ChatState): number {
  if (state.card) return 0;
  if (state.recognition?.intents.every((intent) => intent === "chitchat")) return state.failures;
  return state.reply?.resolved ? 0 : state.failures + 1;
}

const pastReplySchema = z.object({ reply: z.string(), intents: z.tuple([z.enum(intents)], z.enum(intents)) });

/** Turns of the store as the nodes read them; a turn without an answer is left out. */
export function pastTurns(history: readonly Turn[]): readonly PastTurn[] {
  return history.flatMap((turn) => {
    const parsed = pastReplySchema.safeParse(turn.reply);
    return parsed.success ? [{ user: turn.message, bot: parsed.data.reply, intent: parsed.data.intents[0] }] : [];
  });
}
