import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/**
 * Arguments for Node that run a program of ours. Compiled, it is JavaScript in the place of its source; from sources it is TypeScript,
 * which Node 20 needs tsx for.
 * @param file the program as it is named from sources: `new URL("./some-process.ts", import.meta.url)`.
 */
export function programOf(file: URL): readonly string[] {
  if (!import.meta.url.endsWith(".ts")) return [fileURLToPath(file).replace(/ts$/, "js")];
  if ("typescript" in process.features && process.features.typescript) return [fileURLToPath(file)];
  // As CommonJS it loads in half the time of a module.
  const tsx = createRequire(import.meta.url).resolve("tsx/cjs/api");
  const path = JSON.stringify(fileURLToPath(file));
  return ["--eval", `require(${JSON.stringify(tsx)}).require(${path}, ${path});`];
}
