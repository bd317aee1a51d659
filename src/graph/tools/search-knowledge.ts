import { z } from "zod";
import type { Knowledge, SearchResult } from "../../retrieval/knowledge.ts";
import { defineTool, type RegisteredTool } from "./registry.ts";

export interface KnowledgeData {
  readonly query: string;
  readonly search: SearchResult;
}

const MAX_QUERY = 2_000;

const schema = z.strictObject({
  query: z.string().trim().min(1).max(MAX_QUERY).describe("the question, complete without the conversation"),
});

/** `found` when the passages answer the question, else `not_found`. */
export function createSearchKnowledge(knowledge: Pick<Knowledge, "search">): RegisteredTool {
  return defineTool({
    name: "search_knowledge",
    description:
      "Searches the help pages of the shop: rules, prices of services, product manuals, how things are done.",
    schema,
    async run({ query }, context) {
      const search = await knowledge.search(query, {}, context);
      const data: KnowledgeData = { query, search };
      return { status: search.answerable && search.sentences.length > 0 ? "found" : "not_found", data };
    },
  });
}
