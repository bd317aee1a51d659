import { RELATED_THRESHOLD } from "../../../retrieval/answerability.ts";
import type { Source } from "../../../retrieval/knowledge.ts";
import type { KnowledgeData } from "../../tools/search-knowledge.ts";
import type { ToolResult } from "../../tools/tool-call.ts";
import { createAttribution } from "./attribution.ts";
import { readBy } from "./grounds.ts";

/** What a model's reply has made of what came back. */
export interface Reply {
  /** Its sentences that state something, as they were shown, but for the states of records. */
  readonly kept: readonly string[];
  /** It says that something is not known. */
  readonly owns: boolean;
  /** Results that the rule has told in its place. */
  readonly byRule: ReadonlySet<ToolResult>;
  /** Texts of what came back besides pages. */
  readonly records: readonly string[];
}

/**
 * The results as the reply tells them. A model reads more than the sentences that the search would cite, and may find the answer where
 * the search saw none, or see that there is none where the search thought so: cited is what the reply says, in its order, and a search
 * of which it says that it is not known was not answered.
 */
export function resultsAsTold(results: readonly ToolResult[], { kept, owns, byRule, records }: Reply) {
  const searches = results.filter((result) => readBy(result).length > 0 && !byRule.has(result));
  if (searches.length === 0) return results;
  const attribute = createAttribution(searches.flatMap(readBy), records);
  const cited = new Map<string, Source>();
  for (const source of kept.flatMap(attribute)) cited.set(placeOf(source), source);
  return results.map((result) => {
    if (!searches.includes(result)) return result;
    const read = new Set(readBy(result).map(({ chunkId }) => chunkId));
    const sentences = [...cited.values()].filter(({ chunkId }) => read.has(chunkId));
    if (sentences.length > 0) return withSearch(result, "found", sentences);
    // A free paraphrase of what answers: nobody can say of which sentence.
    if (result.status === "found" && kept.length > 0 && !owns) return result;
    return withSearch(result, owns ? "not_found" : result.status, []);
  });
}

const placeOf = ({ documentId, start }: Source) => `${documentId} ${start}`;

function withSearch(result: ToolResult, status: ToolResult["status"], sentences: readonly Source[]) {
  const data = result.data as KnowledgeData;
  const related = sentences.length > 0 ? [] : data.search.reading.filter(({ score }) => score >= RELATED_THRESHOLD);
  return { ...result, status, data: { ...data, search: { ...data.search, sentences, related } } };
}
