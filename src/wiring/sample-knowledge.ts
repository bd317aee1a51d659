import { readdirSync, readFileSync } from "node:fs";
import type { CallContext } from "../fallbacks/core/context.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import { Problem } from "../problems.ts";
import type { Knowledge, NewDocument } from "../retrieval/knowledge.ts";

/**
 * The documents of the made-up shop, one folder a language. The language goes into the name, so that the same page in
 * two languages is two documents: `en/returns.md` is `returns.en.md`.
 */
function readSampleKnowledge(directory: URL): readonly NewDocument[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((language) => {
      const folder = new URL(`${language.name}/`, directory);
      return readdirSync(folder)
        .filter((name) => name.endsWith(".md"))
        .map((name) => ({
          name: name.replace(/\.md$/, `.${language.name}.md`),
          content: readFileSync(new URL(name, folder), "utf8"),
        }));
    });
}

/** Only at the first start on a data directory: a sample document that was deleted does not come back. */
export async function addSampleOnce(
  directory: URL,
  knowledge: Knowledge,
  store: StoreAccess,
  context: CallContext,
  report: (error: unknown, fields: object) => void,
): Promise<void> {
  const key = "sample_knowledge";
  if ((await store.get("meta", key, context)).value) return;
  try {
    for (const document of readSampleKnowledge(directory)) await knowledge.add(document, context);
  } catch (error) {
    // The store that others share is not whole now: that is no reason not to start. The next start tries again.
    if (!(error instanceof Problem) || error.code !== "store_unavailable") throw error;
    report(error, { doing: "adding the sample documents" });
    return;
  }
  await store.commit({ id: key, writes: [{ kind: "put", collection: "meta", key, value: true }] }, context);
}
