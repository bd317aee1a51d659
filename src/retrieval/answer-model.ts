import type { Language } from "../text/language.ts";
import type { Features } from "./answer-features.ts";

/** Written by `npm run fit`, see training/README.md: logistic regression of "this passage answers the question". */
export const answerModel: {
  readonly bias: Readonly<Record<Language, number>>;
  readonly weights: Readonly<Record<keyof Features, number>>;
} = {
  bias: {
    en: -2.359,
    zh: -2.351,
  },
  weights: {
    sentence: 4.169,
    repeated: -2.405,
    meaning: 3.168,
    sureness: -4.281,
    sentenceAhead: 5.808,
    meaningAhead: 15.642,
    asked: 0.314,
    noFigure: -1.315,
  },
};
