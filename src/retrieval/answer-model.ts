import type { Language } from "../text/language.ts";
import type { Features } from "./answer-features.ts";

/** Written by `npm run fit`, see training/README.md: logistic regression of "this passage answers the question". */
export const answerModel: {
  readonly bias: Readonly<Record<Language, number>>;
  readonly weights: Readonly<Record<keyof Features, number>>;
} = {
  bias: {
    en: -2.458,
    zh: -2.033,
  },
  weights: {
    sentence: 2.032,
    meaning: 3.343,
    sureness: -4.473,
    sentenceAhead: 4.953,
    meaningAhead: 14.231,
    asked: 0.242,
    noFigure: -1.483,
  },
};
