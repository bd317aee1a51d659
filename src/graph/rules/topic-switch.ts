import type { Intent } from "../language.ts";
import type { PastTurn, Slots } from "../state.ts";
import { contentWords } from "./content-words.ts";
import { isFollowUp } from "./follow-up.ts";
import type { LanguagePack } from "./language-pack.ts";

interface Message {
  readonly text: string;
  readonly intents: readonly Intent[];
  readonly history: readonly PastTurn[];
  readonly slots: Slots;
  readonly entities: Slots;
  readonly pack: LanguagePack;
}

/**
 * Whether the message leaves what was talked about: it says so, or it asks for something else that shares no word and no
 * number with the turn before. Small talk, moods and the wish for a person leave the topic where it was.
 */
export function switchesTopic({ text, intents, history, slots, entities, pack }: Message): boolean {
  const last = [...history].reverse().find((turn) => subjectOf(turn.intent) !== undefined);
  if (!last) return false;
  if (pack.topicSwitch.test(text)) return true;
  const subjects = intents.map(subjectOf).filter((subject) => subject !== undefined);
  if (subjects.length === 0 || isFollowUp(text, pack)) return false;
  if (subjects.includes("records") && subjectOf(last.intent) === "records") return false;
  if (entities.orderId !== undefined && entities.orderId === slots.orderId) return false;
  const before = new Set(contentWords(last.user));
  return !contentWords(text).some((term) => before.has(term));
}

/** Orders and tickets are about the same records, so going from one to the other is no switch. */
function subjectOf(intent: Intent): "knowledge" | "records" | undefined {
  if (intent === "knowledge_qa") return "knowledge";
  return intent === "business_query" || intent === "ticket" ? "records" : undefined;
}
