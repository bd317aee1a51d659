import { sentenceSpans } from "../text/sentences.ts";
import { tokenise } from "../text/tokenise.ts";
import type { Asked, Part } from "./asked-words.ts";

/** Sentences of a part: what is wanted, and what it is wanted for. */
const TOGETHER = 2;
/** A part that weighs less than this share of the heaviest one is a greeting, or thanks. A question often has common words only, which weigh little. */
const LIGHTEST = 0.4;

/**
 * The parts of a message that tells a story around its question: each two neighbouring sentences, but for those that say little.
 * None of a message of two sentences or fewer, nor of one that says nothing.
 */
export function partsOf(question: string, asked: readonly Asked[]): readonly Part[] {
  const sentences = sentenceSpans(question)
    .map(({ start, end }) => tokenise(question.slice(start, end)).map(({ term }) => term))
    .filter((terms) => terms.length > 0);
  if (sentences.length <= TOGETHER) return [];
  const placeOf = new Map(asked.flatMap(({ word }, place) => (word ? [[word.term, place] as const] : [])));
  const parts = sentences.slice(0, 1 - TOGETHER).map((_, from): Part => {
    const terms = sentences.slice(from, from + TOGETHER).flat();
    const places = [...new Set(terms.flatMap((term) => placeOf.get(term) ?? []))];
    return { places, weight: places.reduce((sum, place) => sum + (asked[place] as Asked).weight, 0) };
  });
  const heaviest = Math.max(...parts.map(({ weight }) => weight));
  return parts.filter(({ weight }) => weight > 0 && weight >= LIGHTEST * heaviest);
}
