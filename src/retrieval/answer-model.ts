import type { Language } from "../text/language.ts";
import type { Features } from "./answer-features.ts";

/** Written by `npm run fit`, see training/README.md: logistic regression of "this passage answers the question". */
export const answerModel: {
  readonly bias: Readonly<Record<Language, number>>;
  readonly weights: Readonly<Record<keyof Features, number>>;
} = {
  bias: {
    en: -2.247,
    zh: -2.308,
  },
  weights: {
    sentence: 4.224,
    repeated: -2.587,
    meaning: 3.286,
    sureness: -4.421,
    sentenceAhead: 5.859,
    meaningAhead: 15.639,
    asked: 0.313,
    noFigure: -1.276,
  },
};
