import type { KnowledgeData } from "../tools/search-knowledge.ts";
import type { ToolResult } from "../tools/tool-call.ts";
import { sectionOf, sourcesOf } from "./sources.ts";

/**
 * The results of a message with several questions, each of which is answered by its first section alone: what else may be meant by one of
 * them is mostly what the next one asks for, and would be told twice.
 */
export function firstSections(results: readonly ToolResult[]): readonly ToolResult[] {
  const answered = results.filter((result) => sourcesOf([result]).length > 0);
  if (answered.length < 2) return results;
  return results.map((result) => {
    const cited = sourcesOf([result]);
    const [first] = cited;
    if (first === undefined) return result;
    const sentences = cited.filter((each) => sectionOf(each) === sectionOf(first));
    const data = result.data as KnowledgeData;
    return { ...result, data: { ...data, search: { ...data.search, sentences } } };
  });
}
