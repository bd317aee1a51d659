import { expect, it } from "vitest";
import type { Features } from "../../src/retrieval/answer-features.ts";
import { createTerms, type InputRanges, inputs, namesOfTerms } from "../../src/retrieval/answer-terms.ts";

const features = (value: number): Features => ({
  sentence: value,
  whole: value,
  missing: value,
  repeated: value,
  meaning: value,
  sureness: value,
  sentenceAhead: value,
  wholeAhead: value,
  meaningAhead: value,
  asked: value,
  noFigure: value,
  figureAsked: value,
  figureShare: value,
  nameMissing: value,
  long: value,
  partAhead: value,
  size: value,
});
const ranges = Object.fromEntries(
  inputs.map((name) => [name, { least: 0, most: 4, mean: 1, spread: 2 }]),
) as unknown as InputRanges;
const terms = createTerms(ranges);
const at = (name: string) => namesOfTerms.indexOf(name);

it("names each input once, and each of the passage with each of the question", () => {
  expect(new Set(namesOfTerms).size).toBe(namesOfTerms.length);
  expect(namesOfTerms).toHaveLength(18 + 9 * 4);
  expect(namesOfTerms.slice(0, 18)).toEqual(inputs);
  expect(at("sentence*size")).toBeGreaterThan(0);
  expect([at("sentence*sentence"), at("size*asked")]).toEqual([-1, -1]);
  expect(terms(features(0), "en")).toHaveLength(namesOfTerms.length);
});

it("counts in standard deviations from the mean, and multiplies these", () => {
  const told = terms({ ...features(1), sentence: 3, size: 0 }, "zh");
  expect(told[at("sentence")]).toBe(1);
  expect(told[at("size")]).toBe(-0.5);
  expect(told[at("whole")]).toBe(0);
  expect(told[at("sentence*size")]).toBe(-0.5);
  expect([told[at("chinese")], terms(features(1), "en")[at("chinese")]]).toEqual([0, -0.5]);
});

it("takes what is beyond anything that was learnt from for the last that was", () => {
  expect(terms(features(90), "en")).toEqual(terms(features(4), "en"));
  expect(terms(features(-90), "en")).toEqual(terms(features(0), "en"));
});
