import type { ChatReply } from "../graph/chat-types.ts";
import type { ChatReplyJson } from "./chat-schemas.ts";
import { toWire } from "./wire.ts";

export function replyJson(reply: ChatReply): ChatReplyJson {
  const { session_id, turn_id, reply: text, intents, ...rest } = toWire(reply);
  return { session_id, turn_id, reply: text, intent: intents[0], intents, ...rest };
}

/** A reply that was stored with its turn, whichever way its names were written; null when the turn has none. */
export function storedReplyJson(stored: unknown): ChatReplyJson | null {
  return isReply(stored) ? replyJson({ ...stored, related: stored.related ?? [] }) : null;
}

/** Those that were stored before there was any have no `related`. */
type StoredReply = Omit<ChatReply, "related"> & Partial<Pick<ChatReply, "related">>;

function isReply(stored: unknown): stored is StoredReply {
  if (typeof stored !== "object" || stored === null) return false;
  return "reply" in stored && typeof stored.reply === "string" && "intents" in stored && Array.isArray(stored.intents);
}
