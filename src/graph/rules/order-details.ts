import type { PastTurn, Slots } from "../state.ts";
import type { Clause, Sentence } from "./analyse.ts";
import type { LanguagePack } from "./language-pack.ts";

/** After an order was looked up, "what did I pay for it?" is about that order, not about prices in general. */
export function withOrderDetails(
  sentences: readonly Sentence[],
  last: PastTurn | undefined,
  slots: Slots,
  pack: LanguagePack,
): readonly Sentence[] {
  if (last?.intent !== "business_query" || slots.orderId === undefined) return sentences;
  const read = (clause: Clause): Clause =>
    reread.has(clause.topic.kind) && pack.business.details.test(clause.text)
      ? { ...clause, topic: { kind: "business_query", scene: "order", asks: true } }
      : clause;
  return sentences.map((sentence) => ({ ...sentence, clauses: sentence.clauses.map(read) }));
}

const reread: ReadonlySet<string> = new Set(["knowledge_qa", "remark"]);
