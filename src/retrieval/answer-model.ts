import type { Language } from "../text/language.ts";
import type { Features } from "./answer-features.ts";

/** Written by `npm run fit`, see training/README.md: logistic regression of "this passage answers the question". */
export const answerModel: {
  readonly bias: Readonly<Record<Language, number>>;
  readonly weights: Readonly<Record<keyof Features, number>>;
} = {
  bias: {
    en: -2.36,
    zh: -2.352,
  },
  weights: {
    sentence: 4.17,
    repeated: -2.405,
    meaning: 3.168,
    sureness: -4.28,
    sentenceAhead: 5.809,
    meaningAhead: 15.64,
    asked: 0.314,
    noFigure: -1.315,
  },
};
