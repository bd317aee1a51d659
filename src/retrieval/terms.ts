import { readPhrases } from "../text/phrases.ts";
import { remember } from "../text/remember.ts";
import { synonymsOf } from "../text/synonyms.ts";
import { tokenise } from "../text/tokenise.ts";
import { meaningOf, wordVectors } from "../text/word-vectors.ts";

/** Words of grammar decide between texts that are otherwise alike ("who am I", "what can I do"): measured best at 0.4. */
const STOP_WEIGHT = 0.4;
/** Pairs of characters beside segmented words say much the same twice: measured best at 0.5. */
const PAIR_WEIGHT = 0.5;
/** A heading says what its passage is about: its words count this often, those of the title and outer headings once. */
const HEADING_REPEATS = 3;
/** Another word for the same thing counts this much. Measured best at 0.3. */
const SYNONYM_WEIGHT = 0.3;

interface Passage {
  readonly path: string;
  readonly topic: string;
  readonly text: string;
}

/** What a passage is found by: the headings above it, more strongly its own heading, and last its text. */
export function passageLines({ path, topic, text }: Passage): readonly string[] {
  return [path, ...Array.from({ length: HEADING_REPEATS }, () => topic), text];
}

/** The terms of these lines. */
export function passageTerms(passage: Passage): readonly string[] {
  return passageLines(passage).flatMap((line, index) =>
    index <= HEADING_REPEATS ? headingTerms(line) : termsOf(line),
  );
}

/** The same as one text, for those who know nothing of headings. */
export function passageText(passage: Passage): string {
  return passageLines(passage).join("\n");
}

const termsOf = (text: string) => tokenise(text).map((token) => token.term);

/** Neighbouring passages have the same headings. */
const headingTerms = remember(16, termsOf);

/** What a question looks for: term -> weight. */
export function questionTerms(question: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  const { tokens, phrases } = readPhrases(question);
  for (const { term, kind, stop } of tokens) {
    const weight = stop ? STOP_WEIGHT : kind === "pair" ? PAIR_WEIGHT : 1;
    weights.set(term, (weights.get(term) ?? 0) + weight);
  }
  for (const { term, kind, stop } of tokens) {
    if (stop || kind === "denied") continue;
    for (const synonym of synonymsOf(term)) if (!weights.has(synonym)) weights.set(synonym, SYNONYM_WEIGHT);
  }
  for (const { found } of phrases) for (const term of found) if (!weights.has(term)) weights.set(term, SYNONYM_WEIGHT);
  return weights;
}

/** Words that a question is also searched by, and how much more those count that say more of the same: measured best together. */
const MEANT_TERMS = 16;
const MEANT_POWER = 1.5;
/** Known words among which they are looked for: what comes behind says little of the same. */
const NEAREST_TERMS = 3_000;

/**
 * What texts say that mean the same as the question, in any language: term -> weight.
 * @param isHeld whether any passage that may be found holds the term.
 */
export function meantTerms(question: string, isHeld: (term: string) => boolean): ReadonlyMap<string, number> {
  const meaning = meaningOf(readPhrases(question).tokens);
  if (!meaning) return new Map();
  const terms = new Map<string, number>();
  let left = NEAREST_TERMS;
  for (const { term, says } of wordVectors().alike(meaning)) {
    // Of a term that comes twice what says more.
    if (!terms.has(term) && isHeld(term)) terms.set(term, says ** MEANT_POWER);
    left -= 1;
    if (terms.size === MEANT_TERMS || left === 0) break;
  }
  return terms;
}
