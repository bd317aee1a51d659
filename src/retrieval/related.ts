import type { Language } from "../text/language.ts";
import { READING_THRESHOLD, RELATED_MEANING, RELATED_THRESHOLD } from "./answerability.ts";
import type { Evidence } from "./evidence.ts";
import type { LibraryChunk, Searched } from "./library.ts";
import { type Accept, differentOf, firstOf } from "./propose.ts";
import { sectionOf } from "./rivals.ts";
import { meantTerms } from "./terms.ts";

/** By what a passage is judged where nothing answers for sure, 0 to 1. */
export interface Rated {
  readonly chunk: LibraryChunk;
  readonly score: number;
}

const MOST_RELATED = 3;
/** Passages that are looked at for related sections beside those that were found, by words that mean what the question says. */
const MEANT_LIMIT = 12;

/** Passages that say in other words, perhaps of another language, what the question says. */
export async function meantBy(question: string, library: Searched, accept: Accept): Promise<readonly LibraryChunk[]> {
  // Of pages that may not be found nothing is used, not even that they hold a word.
  const isFound = (term: string) =>
    accept === undefined || library.words.search(new Map([[term, 1]]), 1, accept).length > 0;
  const isHeld = (term: string) => library.words.holding(term) > 0 && isFound(term);
  const terms = meantTerms(question, isHeld);
  const byWords = async (limit: number) => library.words.search(terms, limit, accept).map(({ id }) => id);
  return differentOf(library, await firstOf(library, byWords, accept), accept).slice(0, MEANT_LIMIT);
}

/**
 * What is worth reading, best first. Where nearly all is in another language than the question, which mostly shares no word with it, how near
 * one is in meaning is its score.
 */
export function ratedOf(
  places: readonly { readonly chunk: LibraryChunk; readonly evidence: Evidence; readonly fit: number }[],
  otherLanguage: Language | undefined,
  scoreThreshold: number,
): readonly Rated[] {
  const rated = places.map(({ chunk, evidence, fit }): Rated => {
    if (chunk.language !== otherLanguage) return { chunk, score: fit };
    return { chunk, score: evidence.meaning >= RELATED_MEANING ? evidence.meaning : 0 };
  });
  return rated
    .filter(({ score }) => score >= READING_THRESHOLD && score >= scoreThreshold)
    .sort((a, b) => b.score - a.score);
}

/**
 * The best passage of each section that is worth a look, at most three and at most `k`; those in another language than the question only
 * where none is in that.
 */
export function relatedOf(rated: readonly Rated[], language: Language, k: number): readonly Rated[] {
  const worth = rated.filter(({ score }) => score >= RELATED_THRESHOLD);
  const own = worth.filter(({ chunk }) => chunk.language === language);
  const bySection = new Map<string, Rated>();
  for (const each of own.length > 0 ? own : worth) {
    const section = sectionOf(each.chunk);
    if (!bySection.has(section)) bySection.set(section, each);
  }
  return [...bySection.values()].slice(0, Math.min(MOST_RELATED, k));
}
