import type { Slots } from "../state.ts";
import type { ToolCall } from "../tools/tool-call.ts";
import { analyse, type Scene, type Sentence } from "./analyse.ts";
import { readable } from "./clauses.ts";
import { extractEntities } from "./entities.ts";
import type { LanguagePack, LanguagePacks } from "./language-pack.ts";
import { withOrderDetails } from "./order-details.ts";
import type { PlanInput } from "./plan-input.ts";
import { knowledgeQueries } from "./queries.ts";
import { answersOffer } from "./recognise-by-rule.ts";
import { ticketCall } from "./ticket-call.ts";

/** The calls for the intents of a message, in their order; a call that changes something comes last. */
export function planByRule(input: PlanInput, packs: LanguagePacks): readonly ToolCall[] {
  const pack = packs[input.recognition.language];
  const analysed = analyse(input.message, pack, packs);
  const sentences = withOrderDetails(analysed, input.history.at(-1), input.slots, pack);
  const calls = input.recognition.intents.flatMap((intent): readonly ToolCall[] => {
    switch (intent) {
      case "knowledge_qa":
        return knowledgeQueries(input.message, sentences, input.history, pack).map((query) => ({
          name: "search_knowledge",
          arguments: { query },
        }));
      case "business_query":
        return businessCalls(sentences, input.slots);
      case "ticket":
        return ticketCalls(input, sentences, pack, packs);
      default:
        return [];
    }
  });
  const distinct = new Map(calls.map((call) => [JSON.stringify(call), call]));
  return [...distinct.values()].sort((a, b) => Number(changes(a)) - Number(changes(b)));
}

function changes(call: ToolCall): boolean {
  return call.name === "open_ticket";
}

function businessCalls(sentences: readonly Sentence[], slots: Slots): readonly ToolCall[] {
  const asked = sentences
    .flatMap(({ clauses }) => clauses)
    .flatMap(({ topic, entities }) => (topic.kind === "business_query" ? [{ scene: topic.scene, entities }] : []));
  const scenes = asked.length > 0 ? asked : [{ scene: "order" as const, entities: {} }];
  return scenes.flatMap(({ scene, entities }) => callFor(scene, entities, slots));
}

function callFor(scene: Scene, own: Slots, slots: Slots): readonly ToolCall[] {
  const orderId = own.orderId ?? slots.orderId;
  const returnId = own.returnId ?? slots.returnId;
  switch (scene) {
    case "member":
      return [{ name: "query_member", arguments: {} }];
    case "account":
      return [{ name: "query_account", arguments: {} }];
    case "return":
      if (returnId !== undefined) return [{ name: "query_return", arguments: { return_id: returnId } }];
      // Without the return's number, the order says what can be said; without either, the reply asks.
      return orderId === undefined ? [] : [{ name: "query_order", arguments: { order_id: orderId } }];
    case "order":
      return [{ name: "query_order", arguments: orderId === undefined ? {} : { order_id: orderId } }];
  }
}

function ticketCalls(
  input: PlanInput,
  sentences: readonly Sentence[],
  pack: LanguagePack,
  packs: LanguagePacks,
): readonly ToolCall[] {
  const topics = new Set(sentences.flatMap(({ clauses }) => clauses.map(({ topic }) => topic.kind)));
  const asksForState = topics.has("ticket_status");
  const status: ToolCall[] = asksForState ? [ticketStatus(input, pack, packs)] : [];
  const opens = topics.has("ticket_open") || topics.has("problem") || !asksForState;
  const open = opens ? ticketCall(input, sentences, confirms(input, sentences, pack), pack) : undefined;
  return open ? [...status, open] : status;
}

function ticketStatus(input: PlanInput, pack: LanguagePack, packs: LanguagePacks): ToolCall {
  const remembered = pack.ticket.list.test(readable(input.message)) ? undefined : input.slots.ticketId;
  const ticketId = extractEntities(input.message, packs).ticketId ?? remembered;
  return { name: "ticket_status", arguments: ticketId === undefined ? {} : { ticket_id: ticketId } };
}

function confirms({ message, history }: PlanInput, sentences: readonly Sentence[], pack: LanguagePack): boolean {
  const last = history.at(-1);
  if (!last || pack.ticket.asked.test(last.bot)) return false;
  const clauses = sentences.flatMap((sentence) => sentence.clauses);
  return answersOffer(readable(message), last, clauses, pack);
}
