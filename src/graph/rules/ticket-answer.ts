import type { PastTurn } from "../state.ts";
import { type Clause, contentOf } from "./analyse.ts";
import { readable } from "./clauses.ts";
import type { LanguagePack } from "./language-pack.ts";

/**
 * Whether a message tells the problem that the last reply asked for: it says something, not only asks something, and
 * neither drops the matter nor wants a person.
 */
export function tellsProblem(text: string, last: PastTurn, clauses: readonly Clause[], pack: LanguagePack): boolean {
  if (!pack.ticket.asked.test(last.bot) || !contentOf(text, pack) || cancelsTicket(text, last, pack)) return false;
  if (clauses.some(({ topic }) => topic.kind === "human_request")) return false;
  return clauses.some((clause) => !isQuestion(clause, pack));
}

/** "Never mind" to the question for the problem. */
export function cancelsTicket(message: string, last: PastTurn, pack: LanguagePack): boolean {
  const text = readable(message);
  const { no } = pack.confirmation;
  return pack.ticket.asked.test(last.bot) && no.test(text) && !contentOf(no.blank(text), pack);
}

function isQuestion({ text, topic }: Clause, pack: LanguagePack): boolean {
  return topic.kind === "ticket_status" || topic.kind === "knowledge_qa" || pack.knowledge.question.test(text);
}
