import { sentenceTokens } from "../text/known-tokens.ts";
import { readPhrases } from "../text/phrases.ts";
import { remember } from "../text/remember.ts";
import { sentenceSpans, type TextSpan } from "../text/sentences.ts";
import type { KnownToken } from "../text/subject-numbers.ts";
import { cosineOf, type Meaning, meaningOf, wordVectors } from "../text/word-vectors.ts";
import { type FigureAsked, figureAsked } from "./asked-kinds.ts";
import { askedOf, type Base, createShares, type Place, rarestIn } from "./asked-words.ts";
import { partsOf } from "./question-parts.ts";

/** How a passage bears on a question, from words alone, so that it means the same whichever path found the passage. */
export interface Evidence {
  /** Of the question's words, weighted by rarity: the share in the best single sentence with its headings, 0 to 1. */
  readonly sentence: number;
  /** The share in the whole passage with its headings, 0 to 1. */
  readonly whole: number;
  /** The same for the part of a message of which it has most, see `partsOf`; undefined for one without parts. */
  readonly part: number | undefined;
  /** How rare the rarest word is that it lacks, by the share of a word that neither the base nor the vectors know: 0 when it lacks none, to 1. */
  readonly missing: number;
  /** The same of what the question names, see `namesIn`. */
  readonly nameMissing: number;
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
  /** Undefined where no figure is asked for. */
  readonly figure: FigureEvidence | undefined;
  /** Spans count in the passage. */
  readonly sentences: readonly SentenceEvidence[];
}

/** Where a figure is asked for, such as a length of time. */
export interface FigureEvidence {
  /** Whether the passage says one of the kind. */
  readonly said: boolean;
  /** The most of the question's words that a sentence with one has, together with its headings, 0 to 1; 0 where none has one. */
  readonly share: number;
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

interface KnownPlace extends Place {
  readonly tokens: readonly KnownToken[];
}

/** What is known of a passage whatever is asked. */
interface PassageRead {
  readonly headings: KnownPlace;
  readonly sentences: readonly (TextSpan & KnownPlace)[];
  readonly about: Meaning | undefined;
}

/** How often the headings count in the meaning of a passage, which are few words that tell much. */
const HEADING_WEIGHT = 2;
const BETWEEN = "\0";
const KEPT = 500;

/** By its headings and its text, which a mark stands between. */
const readPassage = remember(KEPT, (passage): PassageRead => {
  const [place = "", text = ""] = passage.split(BETWEEN);
  const vectors = wordVectors();
  const headings = { text: place, tokens: sentenceTokens(place) };
  const sentences = sentenceSpans(text).map((span) => {
    const sentence = text.slice(span.start, span.end);
    return { ...span, text: sentence, tokens: sentenceTokens(sentence) };
  });
  // What is said twice in the headings, or twice in the text, counts once.
  const about = vectors.meaningOf([
    { subjects: vectors.subjectsIn([headings.tokens]), weight: HEADING_WEIGHT },
    { subjects: vectors.subjectsIn(sentences.map(({ tokens }) => tokens)), weight: 1 },
  ]);
  return { headings, sentences, about };
});

/** @returns what weighs one passage after the other for that question. */
export function weighEvidence(question: string, base: Base): (passage: PassageText) => Evidence {
  const asked = askedOf(question, base);
  const shares = createShares(asked, partsOf(question, asked));
  const rarest = rarestIn(base);
  const meaning = meaningOf(readPhrases(question).tokens);
  const figure = figureAsked(question);
  return (passage) => {
    const { headings, sentences, about } = readPassage(`${passage.path}\n${passage.topic}${BETWEEN}${passage.text}`);
    const above = shares.heldBy(headings);
    const weighed = sentences.map((sentence) => {
      const { start, end, tokens, text } = sentence;
      const held = shares.heldBy(sentence);
      const vectors = wordVectors();
      const near = () => {
        return nearness(meaning, vectors.meaningOf([{ subjects: vectors.subjectsIn([tokens]), weight: 1 }]));
      };
      const together = shares.shareOf([above, held]);
      return { start, end, held, share: shares.shareOf([held]), meaning: near, together, text };
    });
    const all = [above, ...weighed.map(({ held }) => held)];
    const whole = shares.toldBy(all);
    return {
      sentence: Math.max(0, ...weighed.map(({ together }) => together)),
      whole: whole.share,
      part: whole.part,
      missing: whole.missing / rarest,
      repeated: shares.repeatedOf(all),
      heading: shares.shareOf([above]),
      meaning: nearness(meaning, about),
      about,
      sureness: meaning?.sureness ?? 0,
      asked: asked.length,
      nameMissing: whole.nameMissing / rarest,
      figure: figure && figureIn(passage.text, weighed, figure),
      sentences: weighed,
    };
  };
}

function figureIn(
  passage: string,
  sentences: readonly { readonly text: string; readonly together: number }[],
  { isSaidIn, isSaidBy }: FigureAsked,
): FigureEvidence {
  if (!isSaidIn(passage)) return { said: false, share: 0 };
  return { said: true, share: Math.max(0, ...sentences.map(({ text, together }) => (isSaidBy(text) ? together : 0))) };
}

const nearness = (question: Meaning | undefined, passage: Meaning | undefined) =>
  question && passage ? cosineOf(question, passage) : 0;
