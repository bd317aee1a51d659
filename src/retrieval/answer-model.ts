import type { Language } from "../text/language.ts";
import type { Features } from "./answer-features.ts";

/** Written by `npm run fit`, see training/README.md: logistic regression of "this passage answers the question". */
export const answerModel: {
  readonly bias: Readonly<Record<Language, number>>;
  readonly weights: Readonly<Record<keyof Features, number>>;
} = {
  bias: {
    en: -2.566,
    zh: -2.084,
  },
  weights: {
    sentence: 1.852,
    meaning: 3.47,
    sureness: -4.334,
    sentenceAhead: 4.659,
    meaningAhead: 14.457,
    asked: 0.236,
    noFigure: -1.811,
  },
};
