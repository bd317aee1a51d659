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
  /** Those of them that are borne out. */
  readonly sure: readonly string[];
  /** It says that something is not known. */
  readonly owns: boolean;
  /** Results that the rule has told in its place. */
  readonly byRule: ReadonlySet<ToolResult>;
  /** Texts of what came back besides pages. */
  readonly records: readonly string[];
}

/**
 * The results as the reply tells them. A model reads more than the sentences that the search would cite, and may find the answer where
 * the search saw none, or see that there is none where the search thought so: cited is what the reply says, in its order, each sentence
 * once, and a search of which it says nothing was not answered. What is doubted answers nothing that the search would refuse.
 */
export function resultsAsTold(results: readonly ToolResult[], { kept, sure, owns, byRule, records }: Reply) {
  const searches = results.filter((result) => readBy(result).length > 0 && !byRule.has(result));
  if (searches.length === 0) return results;
  const attribute = createAttribution(searches.flatMap(readBy), records);
  const cited = new Map<string, { readonly source: Source; readonly isSure: boolean }>();
  for (const sentence of kept) {
    const isSure = sure.includes(sentence);
    for (const source of attribute(sentence)) {
      const place = placeOf(source);
      cited.set(place, { source, isSure: isSure || cited.get(place)?.isSure === true });
    }
  }
  const told = new Map<ToolResult, ToolResult>();
  // What two searches have read is from the one that was answered.
  const answeredFirst = searches.toSorted((a, b) => Number(b.status === "found") - Number(a.status === "found"));
  for (const result of answeredFirst) {
    const read = new Set(readBy(result).map(({ chunkId }) => chunkId));
    const own = [...cited].filter(([, { source }]) => read.has(source.chunkId));
    for (const [place] of own) cited.delete(place);
    const isAnswered = result.status === "found" ? own.length > 0 : own.some(([, { isSure }]) => isSure);
    if (isAnswered) {
      const sentences = own.map(([, { source }]) => source);
      told.set(result, withSearch(result, "found", { sentences, related: [] }));
    } else if (result.status !== "found" || kept.length === 0 || owns) {
      told.set(result, withSearch(result, "not_found", { sentences: [], related: placesIn(result) }));
    }
    // Else a free paraphrase of what answers: nobody can say of which sentence.
  }
  return results.map((result) => told.get(result) ?? result);
}

const placeOf = ({ documentId, start }: Source) => `${documentId} ${start}`;

/** Where else an answer may be: of what the search thought that it could answer, what was read. */
function placesIn({ status, data }: ToolResult): readonly Source[] {
  const { search } = data as KnowledgeData;
  if (status !== "found") return search.related;
  return search.reading.filter(({ score }) => score >= RELATED_THRESHOLD);
}

function withSearch(
  result: ToolResult,
  status: ToolResult["status"],
  part: Pick<KnowledgeData["search"], "sentences" | "related">,
): ToolResult {
  const data = result.data as KnowledgeData;
  return { ...result, status, data: { ...data, search: { ...data.search, ...part } } };
}
