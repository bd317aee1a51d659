import type { ToolCall } from "../tools/tool-call.ts";
import { contentOf, type Sentence } from "./analyse.ts";
import { cutAt, readable } from "./clauses.ts";
import type { LanguagePack } from "./language-pack.ts";
import type { PlanInput } from "./plan-input.ts";
import { tellsProblem } from "./ticket-answer.ts";
import { classifyTicket } from "./ticket-fields.ts";

const LONGEST_PROBLEM = 2_000;

/**
 * The call that opens a ticket, or undefined when nobody has said what the problem is: then the reply asks for it. The
 * problem is what the message says beside its wish for a ticket; a bare wish or a "yes" is about the question before.
 */
export function ticketCall(
  input: PlanInput,
  sentences: readonly Sentence[],
  confirmed: boolean,
  pack: LanguagePack,
): ToolCall | undefined {
  const problem = confirmed
    ? problemBefore(input, pack)
    : (problemOf(input, sentences, pack) ?? problemBefore(input, pack));
  if (problem === undefined) return undefined;
  const { orderId, contact } = input.slots;
  return {
    name: "open_ticket",
    arguments: {
      ...classifyTicket(problem, pack),
      problem: cutAt(problem, LONGEST_PROBLEM),
      ...(orderId === undefined ? {} : { order_id: orderId }),
      ...(contact === undefined ? {} : { contact }),
    },
  };
}

/** What the message says beside look-ups and questions that other tools serve, if it says more than "open a ticket". */
function problemOf(
  { message, history }: PlanInput,
  sentences: readonly Sentence[],
  pack: LanguagePack,
): string | undefined {
  const clauses = sentences.flatMap((sentence) => sentence.clauses);
  const last = history.at(-1);
  // Asked for the problem, people tell it in the words of a look-up too: "my parcel never arrived".
  if (last && tellsProblem(readable(message), last, clauses, pack)) {
    return saysSomething(pack.ticket.open.blank(message), pack) ? message.trim() : undefined;
  }
  const own = clauses.filter(({ topic }) => concernsTicket.has(topic.kind));
  const said = own.some(({ text, topic }) => {
    const rest = topic.kind === "ticket_open" ? pack.ticket.open.blank(text) : text;
    // Complaints name their subject in the very words that open them: "投诉快递员".
    return saysSomething(rest, pack) || pack.ticket.categories.complaint.test(text);
  });
  if (!said) return undefined;
  return own.length === clauses.length ? message.trim() : own.map(({ text }) => text).join(", ");
}

const concernsTicket: ReadonlySet<string> = new Set(["ticket_open", "problem", "remark"]);

/** A look-up that was answered is no problem; an open question or an outburst may be. */
function problemBefore({ history }: PlanInput, pack: LanguagePack): string | undefined {
  return [...history].reverse().find(({ user, intent }) => mayBeProblem.has(intent) && saysSomething(user, pack))?.user;
}

const mayBeProblem: ReadonlySet<string> = new Set(["knowledge_qa", "emotion_sensitive"]);

/** More than small talk and numbers. */
function saysSomething(text: string, pack: LanguagePack): boolean {
  return contentOf(text, pack) && /\p{L}/u.test(text.replace(/[A-Za-z]*-?\d+/g, ""));
}
