import { readFileSync } from "node:fs";

/** The words of `training/chinese-words.txt`, by which Chinese text may be cut. */
export function readListedWords(): readonly string[] {
  const lines = readFileSync(new URL("chinese-words.txt", import.meta.url), "utf8").split("\n");
  return lines.flatMap((line) => (line === "" || line.startsWith("#") ? [] : line.split(" ")));
}
