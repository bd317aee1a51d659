import { readFileSync } from "node:fs";

const shipped = new URL("../../resources/words/", import.meta.url);

/** The lines of a file `NAME.txt`, of `resources/words` where no other directory is given, without those that begin with `#`. */
export function readWordList(name: string, directory = shipped): readonly string[] {
  const lines = readFileSync(new URL(`${name}.txt`, directory), "utf8").split("\n");
  return lines.filter((line) => line !== "" && !line.startsWith("#"));
}
