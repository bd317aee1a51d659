import { expect, it } from "vitest";
import { firstSections } from "../../../src/graph/nodes/first-sections.ts";
import { sourcesOf } from "../../../src/graph/nodes/sources.ts";
import type { ToolResult } from "../../../src/graph/tools/tool-call.ts";
import { knowledgeResult, searchOf, sourceOf } from "./bench.ts";

/** A search that cites a sentence of each of these sections. */
function cites(...headings: readonly string[]): ToolResult {
  const sentences = headings.map((heading) => sourceOf(`About ${heading}.`, { heading }));
  return { name: "search_knowledge", status: "found", data: { query: "q", search: { ...searchOf("x"), sentences } } };
}

const noOrder: ToolResult = { name: "query_order", status: "not_found", data: null };

const headingsOf = (results: readonly ToolResult[]) =>
  results.map((result) => sourcesOf([result]).map(({ heading }) => heading));

it("are what each of several questions is answered by", () => {
  expect(headingsOf(firstSections([cites("A", "B"), cites("B")]))).toEqual([["A"], ["B"]]);
  expect(headingsOf(firstSections([cites("A"), noOrder, cites("B", "B", "A", "A")]))).toEqual([["A"], [], ["B", "B"]]);
  const [one, same] = firstSections([cites("A", "B"), cites("A", "C")]);
  expect(one).toEqual(same);
});

it("are not all that answers a single question", () => {
  const one = [noOrder, cites("A", "B"), knowledgeResult()];
  expect(firstSections(one)).toBe(one);
});
