import type { Language } from "../text/language.ts";
import type { Features } from "./answer-features.ts";

/** Written by `npm run fit`, see training/README.md: logistic regression of "this passage answers the question". */
export const answerModel: {
  readonly bias: Readonly<Record<Language, number>>;
  readonly weights: Readonly<Record<keyof Features, number>>;
} = {
  bias: {
    en: -2.561,
    zh: -2.083,
  },
  weights: {
    sentence: 1.884,
    meaning: 3.441,
    sureness: -4.334,
    sentenceAhead: 4.648,
    meaningAhead: 14.458,
    asked: 0.238,
    noFigure: -1.809,
  },
};
