import { compiledScript } from "./compiled-tree.ts";
import { optimisingLate } from "./late-optimising.ts";

/** What Node runs as the server: flags, and its script, compiled from the sources as they are now. */
export async function compiledServer(): Promise<readonly string[]> {
  return [...optimisingLate, await compiledScript("src/main.ts")];
}
