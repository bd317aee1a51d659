import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Program, programOf as programOfSources } from "../../src/fallbacks/core/program-of.ts";
import { compiledTree } from "./compiled-tree.ts";

export { argumentsOf } from "../../src/fallbacks/core/program-of.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
// As a test file is loaded, before the time of its tests counts.
const tree = await compiledTree();

/**
 * What the sources find in the place of `program-of.ts` when they are tested: their threads and processes run from the compiled tree, as
 * they do for users, which takes a fraction of the time. A program of a test that is not in it runs from sources.
 */
export function programOf(file: URL): Program {
  const compiled = join(tree, relative(root, fileURLToPath(file)).replace(/ts$/, "js"));
  return existsSync(compiled) ? { file: pathToFileURL(compiled) } : programOfSources(file);
}
