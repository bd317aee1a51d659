import type { Language } from "../text/language.ts";
import type { Features } from "./answer-features.ts";

/** What the decision to answer goes by: the features of a passage, and whether the question is in Chinese, 1 or 0. */
export type Input = keyof Features | "chinese";

/** How an input was spread over what the decision was learnt from. Beyond `least` and `most` nothing was learnt: they stand for what is beyond. */
export interface InputRange {
  readonly least: number;
  readonly most: number;
  readonly mean: number;
  /** Standard deviation, above 0. */
  readonly spread: number;
}

export type InputRanges = Readonly<Record<Input, InputRange>>;

/** What `npm run fit` writes. */
export interface AnswerModel {
  /** Logarithm of odds, by the language of the question. */
  readonly bias: Readonly<Record<Language, number>>;
  readonly inputs: InputRanges;
  /** By `namesOfTerms`. */
  readonly weights: Readonly<Record<string, number>>;
}

/** What only the passage and its rivals tell. */
const ofPassage = [
  "sentence",
  "whole",
  "missing",
  "repeated",
  "meaning",
  "sentenceAhead",
  "wholeAhead",
  "meaningAhead",
  "noFigure",
] as const satisfies readonly Input[];

/** What is the same for every passage: how much the others count depends on it. */
const ofQuestion = ["sureness", "asked", "size", "chinese"] as const satisfies readonly Input[];

/** What counts the same whatever is asked: most questions ask for no figure, give no name and have no parts, too few for more. */
const plain = ["figureAsked", "figureShare", "nameMissing", "long", "partAhead"] as const satisfies readonly Input[];

export const inputs = [...ofPassage, ...ofQuestion, ...plain] as const;

const products = ofPassage.flatMap((left, from) =>
  ofQuestion.map((right, at) => ({ left, right, from, to: ofPassage.length + at })),
);

/** Each input, and each one of `ofPassage` times each one of `ofQuestion`. */
export const namesOfTerms: readonly string[] = [...inputs, ...products.map(({ left, right }) => `${left}*${right}`)];

export function inputsOf(features: Features, language: Language): Readonly<Record<Input, number>> {
  return { ...features, chinese: language === "zh" ? 1 : 0 };
}

/** @returns what makes of features the terms that are weighed, in the order of `namesOfTerms`: inputs in standard deviations from their mean, and their products. */
export function createTerms(ranges: InputRanges): (features: Features, language: Language) => readonly number[] {
  const known = inputs.map((name) => ({ name, ...ranges[name] }));
  return (features, language) => {
    const values = inputsOf(features, language);
    const scaled = known.map(
      ({ name, least, most, mean, spread }) => (Math.min(most, Math.max(least, values[name])) - mean) / spread,
    );
    return [...scaled, ...products.map(({ from, to }) => (scaled[from] as number) * (scaled[to] as number))];
  };
}
