import type { Source } from "../../retrieval/knowledge.ts";
import type { Intent } from "../language.ts";
import type { Related } from "../related.ts";
import type { KnowledgeData } from "../tools/search-knowledge.ts";
import type { ToolResult } from "../tools/tool-call.ts";

/** Of one turn, however many of its questions were refused: more would be a list to search through, not a hint. */
const MOST_RELATED = 3;

/** The cited sentences in the order of the reply. */
export function sourcesOf(results: readonly ToolResult[]): readonly Source[] {
  return results.flatMap((result) =>
    result.name === "search_knowledge" && result.status === "found"
      ? (result.data as KnowledgeData).search.sentences
      : [],
  );
}

/** Whether a search has brought no answer, so that it is said not to be known. */
export function isRefused({ name, status }: ToolResult): boolean {
  return name === "search_knowledge" && status === "not_found";
}

/**
 * An outburst is often put as a question that nothing answers; "I do not know" would be no reply to it, and pages to read would be none
 * either.
 */
export function isOutburst(intents: readonly Intent[]): boolean {
  return intents.includes("emotion_sensitive");
}

/**
 * Where the answers to the refused questions may be: those of the first question first, the best of each first, at most three, each
 * section once, and none that the same answer cites.
 *
 * @param intents of the message
 */
export function relatedOf(results: readonly ToolResult[], intents: readonly Intent[]): readonly Related[] {
  if (isOutburst(intents)) return [];
  const known = new Set(sourcesOf(results).map(sectionOf));
  const related: Related[] = [];
  for (const { quote: _, ...place } of results.filter(isRefused).flatMap(foundNear)) {
    const section = sectionOf(place);
    if (known.has(section)) continue;
    known.add(section);
    related.push(place);
  }
  return related.slice(0, MOST_RELATED);
}

function foundNear({ data }: ToolResult): readonly Source[] {
  return (data as KnowledgeData).search.related;
}

/** The same for all places of one section of one version of a document. */
export function sectionOf({ documentId, heading }: Related): string {
  return JSON.stringify([documentId, heading]);
}
