import { readdirSync, readFileSync } from "node:fs";
import type { NewDocument } from "../retrieval/knowledge.ts";

/**
 * The documents of the made-up shop, one folder a language. The language goes into the name, so that the same page in
 * two languages is two documents: `en/returns.md` is `returns.en.md`.
 */
export function readSampleKnowledge(directory: URL): readonly NewDocument[] {
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
