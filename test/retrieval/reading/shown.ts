import type { ParsedDocument } from "../../../src/retrieval/parse.ts";

/** Each section as its heading and what stands in its span. */
export function shown({ text, sections }: ParsedDocument): readonly (readonly [heading: string, body: string])[] {
  return sections.map(({ heading, start, end }) => [heading, text.slice(start, end)]);
}
