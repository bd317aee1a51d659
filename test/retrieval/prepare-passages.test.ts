import { expect, it } from "vitest";
import { createPreparing } from "../../src/retrieval/prepare-passages.ts";

it("keeps the terms of documents for the next one, and begins anew after many", () => {
  const preparing = createPreparing();
  const first = preparing();
  first.codes.numberOf("refund");
  expect(preparing()).toBe(first);
  for (let at = 0; first.codes.terms.length <= 400_000; at += 1) first.codes.numberOf(`term${at}`);
  const second = preparing();
  expect(second.codes.terms).toEqual([]);
  expect(preparing()).toBe(second);
  expect(first.codes.terms).toHaveLength(400_001);
});

it("begins anew as well when the terms are few and long", () => {
  const preparing = createPreparing();
  const first = preparing();
  for (let at = 0; at < 4_001; at += 1) first.codes.numberOf(`${at}`.padStart(1_000, "a"));
  expect(first.codes.units()).toBe(4_001_000);
  expect(preparing()).not.toBe(first);
});
