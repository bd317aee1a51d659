import type { Language } from "../text/language.ts";
import type { Features } from "./answer-features.ts";

/** Written by `npm run fit`, see training/README.md: logistic regression of "this passage answers the question". */
export const answerModel: {
  readonly bias: Readonly<Record<Language, number>>;
  readonly weights: Readonly<Record<keyof Features, number>>;
} = {
  bias: {
    en: -2.555,
    zh: -2.083,
  },
  weights: {
    sentence: 2.108,
    meaning: 3.287,
    sureness: -4.377,
    sentenceAhead: 4.915,
    meaningAhead: 14.314,
    asked: 0.242,
    noFigure: -1.832,
  },
};
