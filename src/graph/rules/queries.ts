import type { PastTurn } from "../state.ts";
import { type Clause, contentOf, type Sentence } from "./analyse.ts";
import { cutAt } from "./clauses.ts";
import { contentWords } from "./content-words.ts";
import { isFollowUp, questionBefore, withSubject } from "./follow-up.ts";
import type { LanguagePack } from "./language-pack.ts";

/** Most knowledge questions of one message that are searched one by one. */
const MOST_QUERIES = 3;
/** As the search tool takes it. */
const LONGEST_QUERY = 2_000;

/**
 * What to search for: one query for each sentence that asks something of its own, with the remarks around it. A follow-up
 * is read with the question before it, since its words alone say too little.
 */
export function knowledgeQueries(
  message: string,
  sentences: readonly Sentence[],
  history: readonly PastTurn[],
  pack: LanguagePack,
): readonly string[] {
  const drafts: { text: string; asks: boolean }[] = [];
  for (const sentence of sentences) {
    const text = textOf(sentence, pack);
    if (text === "") continue;
    const asks = sentence.clauses.some(({ topic }) => topic.kind === "knowledge_qa");
    const last = drafts.at(-1);
    // A remark belongs to the question that it leads to; after the last question, to that one.
    if (last && (!last.asks || !asks || isElliptic(text))) {
      last.text = `${last.text} ${text}`;
      last.asks ||= asks;
    } else drafts.push({ text, asks });
  }
  const own = drafts.length > 0 ? drafts.slice(0, MOST_QUERIES).map(({ text }) => text) : [message.trim()];
  return own.map((query, index) => {
    const before = isFollowUp(query, pack) ? (own[index - 1] ?? questionBefore(history, pack)) : undefined;
    return cutAt(before === undefined ? query : withSubject(before, query, pack), LONGEST_QUERY);
  });
}

/** A question of a single word of its own, such as "where do I click?", lives on the one before. */
function isElliptic(text: string): boolean {
  return new Set(contentWords(text)).size < 2;
}

/** The whole sentence when all of it may concern the question, else the clauses that do. */
function textOf(sentence: Sentence, pack: LanguagePack): string {
  const concerns = ({ text, topic }: Clause) =>
    topic.kind === "knowledge_qa" ||
    topic.kind === "problem" ||
    (topic.kind === "business_query" && !topic.asks) ||
    (topic.kind === "remark" && contentOf(text, pack));
  const chosen = sentence.clauses.filter(concerns);
  if (chosen.length === sentence.clauses.length) return sentence.text;
  return chosen.map(({ text }) => text).join(", ");
}
