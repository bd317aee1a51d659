import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** What Node runs: a file, or code that loads one. */
export type Program = { readonly file: URL } | { readonly code: string };

/**
 * A program of ours, as Node can run it. Compiled, it is JavaScript in the place of its source; from sources it is TypeScript, which Node
 * 20 needs tsx for.
 * @param file the program as it is named from sources: `new URL("./some-process.ts", import.meta.url)`.
 */
export function programOf(file: URL): Program {
  if (!import.meta.url.endsWith(".ts")) return { file: new URL(file.href.replace(/ts$/, "js")) };
  if ("typescript" in process.features && process.features.typescript) return { file };
  // As CommonJS it loads in half the time of a module, for which tsx starts a thread of its own.
  const tsx = createRequire(import.meta.url).resolve("tsx/cjs/api");
  const path = JSON.stringify(fileURLToPath(file));
  return { code: `require(${JSON.stringify(tsx)}).require(${path}, ${path});` };
}

/** The arguments with which Node runs it as a process. */
export function argumentsOf(program: Program): readonly string[] {
  return "code" in program ? ["--eval", program.code] : [fileURLToPath(program.file)];
}
