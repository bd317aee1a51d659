import type { CallContext } from "../fallbacks/core/context.ts";
import type { Knowledge, Source } from "../retrieval/knowledge.ts";
import type { AnswerQuestion } from "./sets.ts";

/** Document id -> name, of at most 200 documents. */
export async function namesOf(
  knowledge: Pick<Knowledge, "list">,
  context: CallContext,
): Promise<ReadonlyMap<string, string>> {
  const { items } = await knowledge.list({ limit: 200 }, context);
  return new Map(items.map(({ documentId, name }) => [documentId, name]));
}

/** Whether a passage stands in one of the sections that answer. */
export function isOf(
  { gold_sections }: AnswerQuestion,
  { documentId, heading, title }: Pick<Source, "documentId" | "heading" | "title">,
  names: ReadonlyMap<string, string>,
): boolean {
  const innermost = heading === "" ? title : (heading.split(" › ").at(-1) ?? "");
  return gold_sections.some((section) => {
    const [file, wanted = ""] = section.split("#");
    const rest = innermost.slice(wanted.length);
    return names.get(documentId) === file && innermost.startsWith(wanted) && !/^[\p{L}\p{N}]/u.test(rest);
  });
}
