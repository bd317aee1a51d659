import type { PastTurn, Slots } from "../state.ts";
import type { ToolCall } from "../tools/tool-call.ts";
import { type Clause, contentOf } from "./analyse.ts";
import { readable, sentencesOf } from "./clauses.ts";
import { extractEntities } from "./entities.ts";
import type { LanguagePack, LanguagePacks } from "./language-pack.ts";

type Question = "order" | "reason" | "return";
type Reason = keyof LanguagePack["business"]["reasons"];

// The most telling first: what is broken may also be no longer wanted.
const reasons: readonly Reason[] = ["wrong_item", "quality", "changed_mind", "other"];

/** The reason for a return that a text gives in a sentence that does not ask. */
export function reasonOf(text: string, pack: LanguagePack): Reason | undefined {
  const told = sentencesOf(text).filter((sentence) => !sentence.includes("?"));
  return reasons.find((reason) => told.some((sentence) => pack.business.reasons[reason].test(sentence)));
}

/** The change that a message goes on with, because it gives what the last reply asked for. */
export function continuedChange(
  text: string,
  last: PastTurn | undefined,
  clauses: readonly Clause[],
  pack: LanguagePack,
  packs: LanguagePacks,
): ToolCall["name"] | undefined {
  const question = questionOf(last, packs);
  if (!last || !question || clauses.some((clause) => isOtherMatter(clause, pack))) return undefined;
  if (question === "return") return clauses.some(({ entities }) => entities.returnId) ? "cancel_return" : undefined;
  const gives = clauses.some(({ entities }) => entities.orderId) || reasonOf(text, pack) !== undefined;
  const explains = question === "reason" && contentOf(text, pack) && !dropsQuestion(text, last, pack, packs);
  return gives || explains ? "create_return" : undefined;
}

/** "Never mind" to a question about a change. */
export function dropsQuestion(message: string, last: PastTurn, pack: LanguagePack, packs: LanguagePacks): boolean {
  const question = questionOf(last, packs);
  const text = readable(message);
  if (!question || (question === "reason" && reasonOf(text, pack) !== undefined)) return false;
  const { no } = pack.confirmation;
  return no.test(text) && !contentOf(no.blank(text), pack);
}

interface Wish {
  readonly message: string;
  readonly history: readonly PastTurn[];
  readonly slots: Slots;
}

/** The call for the change that a message wants or goes on with, with what is known of it. */
export function changeCall(
  { message, history, slots }: Wish,
  clauses: readonly Clause[],
  pack: LanguagePack,
  packs: LanguagePacks,
): ToolCall | undefined {
  const text = readable(message);
  const wish = clauses.find(({ topic }) => wishOf(topic) !== undefined);
  const name = (wish && wishOf(wish.topic)) ?? continuedChange(text, history.at(-1), clauses, pack, packs);
  if (name === undefined) return undefined;
  const own = { ...slots, ...extractEntities(message, packs), ...wish?.entities };
  if (name === "cancel_return") {
    return { name, arguments: own.returnId === undefined ? {} : { return_id: own.returnId } };
  }
  // Asked why, people give reasons of their own.
  const isReason =
    !wish && questionOf(history.at(-1), packs) === "reason" && /\p{L}{2}/u.test(withoutNumbers(text, packs));
  const reason = reasonSaid(text, history, pack, packs) ?? (isReason ? "other" : undefined);
  return {
    name,
    arguments: {
      ...(own.orderId === undefined ? {} : { order_id: own.orderId }),
      ...(reason === undefined ? {} : { reason }),
    },
  };
}

export function wishOf(topic: Clause["topic"]): "create_return" | "cancel_return" | undefined {
  return topic.kind === "business_query" ? topic.change : undefined;
}

/** Said now, or in the messages to which the questions of this return were the replies. */
function reasonSaid(
  text: string,
  history: readonly PastTurn[],
  pack: LanguagePack,
  packs: LanguagePacks,
): Reason | undefined {
  const others = history.findLastIndex((turn) => questionOf(turn, packs) === undefined);
  const said = [
    text,
    ...history
      .slice(others + 1)
      .reverse()
      .map(({ user }) => readable(user)),
  ];
  return said.map((words) => reasonOf(words, pack)).find((reason) => reason !== undefined);
}

function withoutNumbers(text: string, packs: LanguagePacks): string {
  return Object.values(extractEntities(text, packs)).reduce(
    (rest: string, number) => rest.replace(number, ""),
    text.toUpperCase(),
  );
}

function questionOf(turn: PastTurn | undefined, packs: LanguagePacks): Question | undefined {
  if (!turn) return undefined;
  const asks = (pick: (business: LanguagePack["business"]) => { test(text: string): boolean }) =>
    Object.values(packs).some(({ business }) => pick(business).test(turn.bot));
  if (asks(({ askedForReturn }) => askedForReturn)) return "order";
  if (asks(({ askedWhy }) => askedWhy)) return "reason";
  return asks(({ askedForCancel }) => askedForCancel) ? "return" : undefined;
}

const others: ReadonlySet<string> = new Set(["human_request", "ticket_open", "ticket_status"]);

/** Asks for something else; "not what I ordered" is in the words of a question, but is none. */
function isOtherMatter({ text, topic, entities }: Clause, pack: LanguagePack): boolean {
  if (others.has(topic.kind)) return true;
  if (reasonOf(text, pack) !== undefined) return false;
  const named = entities.orderId !== undefined || entities.returnId !== undefined;
  if (topic.kind === "business_query" && topic.asks && !named) return true;
  return topic.kind === "knowledge_qa" || pack.knowledge.question.test(text);
}
