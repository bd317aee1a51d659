import { synonymTerm } from "./synonyms.ts";
import { readWordList } from "./word-list.ts";

let weights: ReadonlyMap<string, number> | undefined;

/**
 * How much a term says of what a question is about, 0 to 1. Words that people put into questions of any kind ("finally", "friend",
 * "弄", "着急") are rare in help pages all the same, so that rarity alone would take them for the subject. A list has its words behind a line `= WEIGHT`;
 * they were written by somebody who had seen no questions to measure with.
 */
export function lightnessOf(term: string): number {
  weights ??= new Map([...weightsIn("light-words-en"), ...weightsIn("light-words-zh")]);
  return weights.get(term) ?? 1;
}

function* weightsIn(name: string): Iterable<readonly [string, number]> {
  let weight = 1;
  for (const line of readWordList(name)) {
    if (line.startsWith("= ")) weight = Number(line.slice(2));
    else for (const word of line.split(" ")) yield [synonymTerm(word), weight];
  }
}
