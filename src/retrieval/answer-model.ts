import type { Language } from "../text/language.ts";
import type { Features } from "./answer-features.ts";

/** Written by `npm run fit`, see training/README.md: logistic regression of "this passage answers the question". */
export const answerModel: {
  readonly bias: Readonly<Record<Language, number>>;
  readonly weights: Readonly<Record<keyof Features, number>>;
} = {
  bias: {
    en: -1.892,
    zh: -1.965,
  },
  weights: {
    sentence: 3.646,
    repeated: -2.528,
    meaning: 3.672,
    sureness: -4.75,
    sentenceAhead: 5.815,
    meaningAhead: 15.884,
    asked: 0.274,
    noFigure: -1.276,
  },
};
