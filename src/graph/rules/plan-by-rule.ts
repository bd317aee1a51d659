import type { Slots } from "../state.ts";
import type { ToolCall } from "../tools/tool-call.ts";
import { analyse, type Scene, type Sentence, type Topic } from "./analyse.ts";
import { readable } from "./clauses.ts";
import { extractEntities } from "./entities.ts";
import type { LanguagePack, LanguagePacks } from "./language-pack.ts";
import { withOrderDetails } from "./order-details.ts";
import type { PlanInput } from "./plan-input.ts";
import { knowledgeQueries } from "./queries.ts";
import { answersOffer } from "./recognise-by-rule.ts";
import { changeCall } from "./return-wish.ts";
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
        return businessCalls(input, sentences, pack, packs);
      case "ticket":
        return ticketCalls(input, sentences, pack, packs);
      default:
        return [];
    }
  });
  const distinct = new Map(calls.map((call) => [JSON.stringify(call), call]));
  return [...distinct.values()].sort((a, b) => Number(changes(a)) - Number(changes(b)));
}

const sideEffects: ReadonlySet<string> = new Set(["open_ticket", "create_return", "cancel_return"]);

function changes(call: ToolCall): boolean {
  return sideEffects.has(call.name);
}

function businessCalls(
  input: PlanInput,
  sentences: readonly Sentence[],
  pack: LanguagePack,
  packs: LanguagePacks,
): readonly ToolCall[] {
  const { slots } = input;
  const clauses = sentences.flatMap((sentence) => sentence.clauses);
  const change = changeCall(input, clauses, pack, packs);
  const asked = clauses.flatMap(({ topic, entities }) =>
    topic.kind === "business_query" && !(change && belongsTo(change, topic, entities))
      ? [{ scene: topic.scene, entities }]
      : [],
  );
  if (change) return [...asked.flatMap(({ scene, entities }) => callFor(scene, entities, slots)), change];
  const scenes = asked.length > 0 ? asked : [{ scene: "order" as const, entities: {} }];
  return scenes.flatMap(({ scene, entities }) => callFor(scene, entities, slots));
}

/** The wish itself, and what only names its record: "order LK20260117" beside "I want to return it". */
function belongsTo(change: ToolCall, topic: Topic & { readonly kind: "business_query" }, own: Slots): boolean {
  if (topic.change || !topic.asks) return true;
  const { order_id: orderId, return_id: returnId } = change.arguments;
  if (own.returnId !== undefined) return own.returnId === returnId;
  return own.orderId === undefined ? topic.scene === "return" : own.orderId === orderId;
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
