import { fileURLToPath } from "node:url";
import type { Plugin } from "vitest/config";

const stand = fileURLToPath(new URL("compiled-programs.ts", import.meta.url));
const sources = fileURLToPath(new URL("../../src/", import.meta.url));

/** Puts `compiled-programs.ts` in the place of `program-of.ts` for all sources, and for no test. */
export const compiledPrograms: Plugin = {
  name: "compiled-programs",
  enforce: "pre",
  resolveId: (source, importer) =>
    source.endsWith("/program-of.ts") && importer?.startsWith(sources) ? stand : undefined,
};
