import { readWordList } from "../src/text/word-list.ts";

/** The words of `training/chinese-words.txt`, by which Chinese text may be cut. */
export function readListedWords(): readonly string[] {
  return readWordList("chinese-words", new URL("./", import.meta.url)).flatMap((line) => line.split(" "));
}
