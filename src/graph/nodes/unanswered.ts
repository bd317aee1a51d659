import type { Unanswered } from "../../conversations/conversations.ts";
import { detectLanguage } from "../../text/language.ts";
import type { Intent } from "../language.ts";
import type { KnowledgeData } from "../tools/search-knowledge.ts";
import type { ToolResult } from "../tools/tool-call.ts";
import { isOutburst, isRefused } from "./sources.ts";

/** Documents that are noted of a question. */
const MOST_NEAREST = 3;

/**
 * The questions to which the knowledge base had no answer, in the order of the reply, for whoever looks after it. None of an outburst: that is
 * often put as a question, and no page would answer it.
 *
 * @param results as the reply tells them
 * @param intents of the message
 */
export function unansweredOf(results: readonly ToolResult[], intents: readonly Intent[]): readonly Unanswered[] {
  if (isOutburst(intents)) return [];
  return results.filter(isRefused).map(({ data }): Unanswered => {
    const { query, search } = data as KnowledgeData;
    const titles = new Map<string, string>();
    for (const { documentId, title } of [...search.related, ...search.passages]) {
      if (!titles.has(documentId)) titles.set(documentId, title);
    }
    const nearest = [...titles].slice(0, MOST_NEAREST).map(([documentId, title]) => ({ documentId, title }));
    return { question: query, language: detectLanguage(query), nearest };
  });
}
