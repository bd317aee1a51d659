import { lightnessOf } from "../text/light-words.ts";
import { readPhrases } from "../text/phrases.ts";
import { remember } from "../text/remember.ts";
import { sentenceSpans, type TextSpan } from "../text/sentences.ts";
import { synonymsOf } from "../text/synonyms.ts";
import { tokenise } from "../text/tokenise.ts";
import { cosineOf, type Meaning, meaningOf, wordVectors } from "../text/word-vectors.ts";
import { figureAsked } from "./asked-kinds.ts";
import { rarityOf } from "./bm25.ts";

/** How a passage bears on a question, from words alone, so that it means the same whichever path found the passage. */
export interface Evidence {
  /** Of the question's words, weighted by rarity: the share in the best single sentence with its headings, 0 to 1. */
  readonly sentence: number;
  /** The share of them that the passage or its headings have as they are, rare or not, 0 to 1. */
  readonly repeated: number;
  /** The share in the title and the headings, 0 to 1. */
  readonly heading: number;
  /** How near the passage is to the question in meaning, by the vectors of their words, -1 to 1; 0 when one has no known word. */
  readonly meaning: number;
  /** What the passage is about, by the vectors of its words; undefined when it has no known word. */
  readonly about: Meaning | undefined;
  /** How much the words of the question tell together, 0 to 1; the same for every passage. */
  readonly sureness: number;
  /** How many words of the question tell something; the same for every passage. */
  readonly asked: number;
  /** Whether it says a figure of the kind that is asked for; undefined where none is. */
  readonly figure: boolean | undefined;
  /** Spans count in the passage. */
  readonly sentences: readonly SentenceEvidence[];
}

export interface SentenceEvidence extends TextSpan {
  /** The share of the question's words in it alone. */
  readonly share: number;
  /** How near it is in meaning, when that is asked: it takes as long as for the whole passage. */
  readonly meaning: () => number;
}

export interface PassageText {
  /** The title and the outer headings. */
  readonly path: string;
  /** The innermost heading, or the title. */
  readonly topic: string;
  readonly text: string;
}

/** What is known of the whole base: how many passages there are, and how many hold a term. */
export interface Base {
  readonly documents: number;
  holding(term: string): number;
}

interface Words {
  readonly text: string;
  readonly terms: ReadonlySet<string>;
  /** Those whose meaning is known. */
  readonly subjects: ReadonlySet<number>;
}

interface Asked {
  /** Absent for a phrase of grammar words alone ("how much is it"). */
  readonly word?: {
    readonly term: string;
    readonly synonyms: ReadonlySet<string>;
    /** Of a word of an unspaced script; else none. */
    readonly characters: readonly string[];
  };
  readonly weight: number;
  /** What texts say for the phrase that the word is part of. */
  readonly phrased: readonly string[];
}

const SYNONYM_CREDIT = 0.6;
/** A phrase leaves less doubt of what is meant than one word of it. */
const PHRASE_CREDIT = 0.7;
const INFLECTION_CREDIT = 0.7;
/** A word of an unspaced script whose characters all occur, and the most for one of which some do. */
const CHARACTERS_CREDIT = 0.4;
const SOME_CHARACTERS_CREDIT = 0.15;
/** A small base is judged as if there were this many more passages about other things: else nothing in it were rare. */
const BACKGROUND = 50;
/** How often the headings count in the meaning of a passage, which are few words that tell much. */
const HEADING_WEIGHT = 2;
const BETWEEN = "\0";
const KEPT = 500;

const wordsOf = remember(KEPT * 8, (text): Words => {
  const tokens = tokenise(text);
  const terms = new Set<string>();
  for (const { term } of tokens) terms.add(term);
  return { text, terms, subjects: wordVectors().subjectsIn(tokens) };
});
const sentencesOf = remember(KEPT, (text) => sentenceSpans(text));

/** Of the headings and the text, which a mark stands between: a word that is said twice in one of them counts once. */
const passageMeaningOf = remember(KEPT, (passage) => {
  const [headings = "", text = ""] = passage.split(BETWEEN);
  const subjects = new Set<number>();
  for (const { start, end } of sentencesOf(text))
    for (const subject of wordsOf(text.slice(start, end)).subjects) subjects.add(subject);
  return wordVectors().meaningOf([
    { subjects: wordsOf(headings).subjects, weight: HEADING_WEIGHT },
    { subjects, weight: 1 },
  ]);
});

/** @returns what weighs one passage after the other for that question. */
export function weighEvidence(question: string, base: Base): (passage: PassageText) => Evidence {
  const asked = askedOf(question, base);
  const meaning = meaningOf(readPhrases(question).tokens);
  const saysFigure = figureAsked(question);
  return (passage) => {
    const place = `${passage.path}\n${passage.topic}`;
    const headings = wordsOf(place);
    const sentences = sentencesOf(passage.text).map((span) => {
      const words = wordsOf(passage.text.slice(span.start, span.end));
      const near = () => nearness(meaning, wordVectors().meaningOf([{ subjects: words.subjects, weight: 1 }]));
      const together = shareOf(asked, [headings, words]);
      return { ...span, words, share: shareOf(asked, [words]), meaning: near, together };
    });
    const about = passageMeaningOf(place + BETWEEN + passage.text);
    return {
      sentence: Math.max(0, ...sentences.map((sentence) => sentence.together)),
      repeated: repeatedOf(asked, [headings, ...sentences.map(({ words }) => words)]),
      heading: shareOf(asked, [headings]),
      meaning: nearness(meaning, about),
      about,
      sureness: meaning?.sureness ?? 0,
      asked: asked.length,
      figure: saysFigure?.(passage.text),
      sentences,
    };
  };
}

const nearness = (question: Meaning | undefined, passage: Meaning | undefined) =>
  question && passage ? cosineOf(question, passage) : 0;

function askedOf(question: string, base: Base): readonly Asked[] {
  const documents = base.documents + BACKGROUND;
  const { tokens, phrases } = readPhrases(question);
  const content = tokens
    .map((token, at) => ({ ...token, phrases: phrases.filter(({ from, to }) => from <= at && at < to) }))
    .filter(({ kind, stop }) => kind !== "pair" && !stop);
  const words = content.flatMap(({ term, kind, phrases: around }, index): Asked[] => {
    const next = content[index + 1];
    // Where the base has a word for what is not done ("unopened"), a text about what is done does not answer.
    const replaced = next?.kind === "denied" && base.holding(next.term) > 0;
    if (replaced || (kind === "denied" && base.holding(term) === 0)) return [];
    const weight = lightnessOf(term) * rarityOf(base.holding(term), documents);
    const characters = /^[\p{Script=Han}]+$/u.test(term) ? Array.from(term) : [];
    const word = { term, synonyms: synonymsOf(term), characters };
    return [{ word, weight, phrased: around.flatMap(({ found }) => found) }];
  });
  const wordless = phrases.filter((phrase) => !content.some((word) => word.phrases.includes(phrase)));
  return [
    ...words,
    ...wordless.flatMap(({ found: phrased }): Asked[] => {
      const holding = Math.max(...phrased.map((term) => base.holding(term)));
      return holding === 0 ? [] : [{ weight: rarityOf(holding, documents), phrased }];
    }),
  ];
}

function shareOf(asked: readonly Asked[], places: readonly Words[]): number {
  const total = asked.reduce((sum, { weight }) => sum + weight, 0);
  return total === 0 ? 0 : found(asked, places) / total;
}

function repeatedOf(asked: readonly Asked[], places: readonly Words[]): number {
  const words = asked.flatMap(({ word }) => word ?? []);
  if (words.length === 0) return 0;
  return words.filter(({ term }) => places.some(({ terms }) => terms.has(term))).length / words.length;
}

function found(asked: readonly Asked[], places: readonly Words[]): number {
  return asked.reduce((sum, each) => sum + each.weight * creditOf(each, places), 0);
}

/** 1 when the word is there, less for what stands for it or looks like it, 0 for nothing. */
function creditOf({ word, phrased }: Asked, places: readonly Words[]): number {
  const credit = word ? wordCreditOf(word, places) : 0;
  if (credit >= PHRASE_CREDIT) return credit;
  return phrased.some((other) => places.some(({ terms }) => terms.has(other))) ? PHRASE_CREDIT : credit;
}

function wordCreditOf({ term, synonyms, characters }: NonNullable<Asked["word"]>, places: readonly Words[]): number {
  if (places.some(({ terms }) => terms.has(term))) return 1;
  for (const synonym of synonyms) if (places.some(({ terms }) => terms.has(synonym))) return SYNONYM_CREDIT;
  if (characters.length > 0) {
    const held = characters.filter((character) => places.some(({ text }) => text.includes(character))).length;
    return held === characters.length ? CHARACTERS_CREDIT : (SOME_CHARACTERS_CREDIT * held) / characters.length;
  }
  return places.some(({ terms }) => holdsInflection(terms, term)) ? INFLECTION_CREDIT : 0;
}

/** Whether a word of much the same length begins alike: what a stemmer leaves apart, and typing errors at the end. */
function holdsInflection(terms: ReadonlySet<string>, term: string): boolean {
  if (term.length < 5 || /\d/.test(term)) return false;
  const beginning = term.slice(0, Math.max(4, Math.ceil(term.length * 0.7)));
  for (const other of terms) if (other.length <= term.length / 0.7 && other.startsWith(beginning)) return true;
  return false;
}
