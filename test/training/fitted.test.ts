import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { keyless } from "../../src/commands/keyless-evaluation.ts";
import { readSets } from "../../src/evaluation/sets.ts";
import { answerModel } from "../../src/retrieval/answer-model.ts";
import { basesDigest, basesDirectory, type Fitted, fittedFile, meansOf, sampleOf } from "../../training/fitted.ts";
import { type JudgedQuestion, judgePassages } from "../../training/judged-passages.ts";

/** Where one of them fails: `npm run fit`. */
const fitted = JSON.parse(readFileSync(fittedFile, "utf8")) as Fitted;

it("the model of answers is the one that was fitted", () => {
  expect(answerModel).toEqual(fitted.model);
});

it("was fitted on the bases as they are", () => {
  expect(basesDigest()).toBe(fitted.bases);
});

it("was fitted on what the product tells of passages now", async () => {
  const sampled = sampleOf(readSets(basesDirectory).filter((set) => set.kind === "answers"));
  expect(new Set(sampled.map(({ name }) => name.slice(0, 2)))).toEqual(new Set(["en", "zh"]));
  const judged: JudgedQuestion[] = [];
  for (const set of sampled) judged.push(...(await judgePassages(set, keyless)));
  expect(meansOf(judged, Object.keys(answerModel.weights))).toEqual(fitted.sample);
});
