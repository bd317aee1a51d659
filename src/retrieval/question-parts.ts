import { sentenceSpans } from "../text/sentences.ts";
import { tokenise } from "../text/tokenise.ts";
import type { Asked } from "./asked-words.ts";

/** Sentences of a part: what is wanted, and what it is wanted for. */
const TOGETHER = 2;

/**
 * The parts of a message that tells a story around its question: each two neighbouring sentences, by the places of their words in what
 * is asked. None of a message of two sentences or fewer.
 */
export function partsOf(question: string, asked: readonly Asked[]): readonly (readonly number[])[] {
  const sentences = sentenceSpans(question)
    .map(({ start, end }) => new Set(tokenise(question.slice(start, end)).map(({ term }) => term)))
    .filter(({ size }) => size > 0);
  if (sentences.length <= TOGETHER) return [];
  return sentences.slice(0, 1 - TOGETHER).map((_, from) => {
    const part = sentences.slice(from, from + TOGETHER);
    return asked.flatMap(({ word }, index) => (word && part.some((terms) => terms.has(word.term)) ? index : []));
  });
}
