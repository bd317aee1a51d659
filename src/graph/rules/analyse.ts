import type { Slots } from "../state.ts";
import { clausesOf, hasMeaning, readable, sentencesOf } from "./clauses.ts";
import { extractEntities } from "./entities.ts";
import type { LanguagePack, LanguagePacks } from "./language-pack.ts";

export type Scene = "order" | "return" | "member" | "account";

/** What a clause asks for; `remark` asks for nothing. */
export type Topic =
  | { readonly kind: "human_request" | "ticket_open" | "ticket_status" | "problem" | "remark" }
  | { readonly kind: "knowledge_qa" /** Asks for general rules, not just a question. */; readonly policy: boolean }
  | {
      readonly kind: "business_query";
      readonly scene: Scene;
      /** False when the clause only names something of the user's own. */
      readonly asks: boolean;
      /** The clause wants this to be done; it does not ask how things are. */
      readonly change?: "create_return" | "cancel_return";
    };

export interface Clause {
  readonly text: string;
  readonly topic: Topic;
  readonly entities: Slots;
}

export interface Sentence {
  readonly text: string;
  readonly clauses: readonly Clause[];
}

/** Reads a message clause by clause. */
export function analyse(message: string, pack: LanguagePack, packs: LanguagePacks): readonly Sentence[] {
  return sentencesOf(readable(message))
    .filter((text) => hasMeaning(text))
    .map((text) => ({
      text,
      clauses: clausesOf(text, pack).map((clause) => {
        const entities = extractEntities(clause, packs);
        return { text: clause, entities, topic: topicOf(clause, entities, pack) };
      }),
    }));
}

function topicOf(clause: string, entities: Slots, pack: LanguagePack): Topic {
  if (!contentOf(clause, pack)) return { kind: "remark" };
  if (pack.human.test(clause)) return { kind: "human_request" };
  const change = changeOf(clause, entities, pack);
  if (change) return change;
  if (entities.ticketId !== undefined || pack.ticket.status.test(clause)) return { kind: "ticket_status" };
  if (pack.ticket.open.test(clause)) return { kind: "ticket_open" };
  if (pack.knowledge.policy.test(clause)) return { kind: "knowledge_qa", policy: true };
  const scene = entities.returnId === undefined ? sceneOf(clause, pack.business.asks) : "return";
  if (scene) return { kind: "business_query", scene, asks: true };
  const question = pack.knowledge.question.test(clause);
  if (!question && pack.ticket.problem.test(clause)) return { kind: "problem" };
  if (entities.orderId !== undefined) return { kind: "business_query", scene: "order", asks: true };
  if (question) return { kind: "knowledge_qa", policy: false };
  const mentioned = sceneOf(clause, pack.business.mentions);
  return mentioned ? { kind: "business_query", scene: mentioned, asks: false } : { kind: "remark" };
}

/** A wish for a change without a number asks for nothing by itself, so that a question beside it stays the subject. */
function changeOf(clause: string, entities: Slots, pack: LanguagePack): Topic | undefined {
  if (pack.knowledge.policy.test(clause)) return undefined;
  const query = { kind: "business_query", scene: "return" } as const;
  if (pack.business.cancelReturn.test(clause)) {
    return { ...query, asks: entities.returnId !== undefined, change: "cancel_return" };
  }
  if (!pack.business.createReturn.test(clause)) return undefined;
  return { ...query, asks: entities.orderId !== undefined, change: "create_return" };
}

// The order is the least specific of the scenes: "the refund for my order" is about the refund.
const scenes: readonly Scene[] = ["return", "member", "account", "order"];

function sceneOf(clause: string, matchers: LanguagePack["business"]["asks"]): Scene | undefined {
  return scenes.find((scene) => matchers[scene].test(clause));
}

/** Small talk and fillers taken away: what is left says something, or is nothing. */
export function contentOf(text: string, pack: LanguagePack): boolean {
  const withoutTalk = pack.smallTalk.reduce((rest, talk) => talk.words.blank(rest), text);
  return hasMeaning(pack.fillers.blank(withoutTalk));
}

/** The kinds of small talk that a text holds, in the order of the resource. */
export function smallTalkOf(text: string, pack: LanguagePack): LanguagePack["smallTalk"] {
  return pack.smallTalk.filter((talk) => talk.words.test(text));
}
