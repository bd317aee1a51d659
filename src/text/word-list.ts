import { readFileSync } from "node:fs";

const directory = new URL("../../resources/words/", import.meta.url);

/** The lines of a file of `resources/words`, without those that begin with `#`. */
export function readWordList(name: string): readonly string[] {
  const lines = readFileSync(new URL(`${name}.txt`, directory), "utf8").split("\n");
  return lines.filter((line) => line !== "" && !line.startsWith("#"));
}
