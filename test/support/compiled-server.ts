import { compiledScript } from "./compiled-tree.ts";

/** The script of the server, compiled from the sources as they are now. */
export function compiledServer(): Promise<string> {
  return compiledScript("src/main.ts");
}
