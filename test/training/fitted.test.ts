import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { keyless } from "../../src/commands/keyless-evaluation.ts";
import { answerModel } from "../../src/retrieval/answer-model.ts";
import { namesOfTerms } from "../../src/retrieval/answer-terms.ts";
import { readBases } from "../../training/bases.ts";
import { digestOf, type Fitted, fittedFile, meansOf, sampleOf } from "../../training/fitted.ts";
import { type JudgedQuestion, judgePassages } from "../../training/judged-passages.ts";

/** Where one of them fails: `npm run fit`. */
const fitted = JSON.parse(readFileSync(fittedFile, "utf8")) as Fitted;

it("the model of answers is the one that was fitted", () => {
  expect(answerModel).toEqual(fitted.model);
  expect(Object.keys(answerModel.weights)).toEqual(namesOfTerms);
});

it("was fitted on the bases and messages as they are", () => {
  expect(digestOf()).toBe(fitted.learntFrom);
});

it("was fitted on what the product tells of passages now", async () => {
  const sampled = sampleOf(readBases());
  expect(new Set(sampled.map(({ language }) => language))).toEqual(new Set(["en", "zh"]));
  const judged: JudgedQuestion[] = [];
  for (const base of sampled) judged.push(...(await judgePassages([base], keyless)));
  expect(meansOf(judged)).toEqual(fitted.sample);
});
