import fc from "fast-check";
import { expect, it } from "vitest";
import type { PackedWords } from "../../src/retrieval/prepared.ts";
import { createTermPlaces, createWordsPacker } from "../../src/retrieval/words-pack.ts";
import { createTermCodes } from "../../src/text/term-codes.ts";
import { codesOf } from "./prepared-samples.ts";

const term = fc.string({ unit: fc.constantFrom("a", "b", "退", "款", "𠀋"), maxLength: 3 });
const passages = fc.array(fc.array(term, { maxLength: 40 }), { maxLength: 12 });

/** Written down plainly: terms in the order in which they come, and in a passage each once, with how often it has it. */
function packed(texts: readonly (readonly string[])[]): PackedWords {
  const terms = [...new Set(texts.flat())];
  const entries = texts.map((text) => [...new Set(text)]);
  const starts = [0];
  for (const own of entries) starts.push((starts.at(-1) ?? 0) + own.length);
  return {
    terms,
    starts: Uint32Array.from(starts),
    entries: Uint32Array.from(entries.flat(), (own) => terms.indexOf(own)),
    counts: Uint16Array.from(
      entries.flatMap((own, at) => own.map((one) => texts[at]?.filter((each) => each === one).length ?? 0)),
    ),
    lengths: Uint32Array.from(texts, (text) => text.length),
  };
}

it("packs the terms of passages, short and long, as they are when they are counted one by one", () => {
  fc.assert(
    fc.property(passages, (texts) => {
      const codes = createTermCodes();
      const packer = createWordsPacker(codes.terms);
      for (const text of texts) packer.add(codesOf(codes, text));
      expect(packer.finish()).toEqual(packed(texts));
    }),
  );
});

it("packs several documents by turns that share a table, also where that begins anew", () => {
  fc.assert(
    fc.property(passages, fc.constantFrom(0, 20, 1_000), (texts, mostRead) => {
      const codes = createTermCodes();
      const places = createTermPlaces(mostRead);
      const packers = [0, 1, 2].map((turn) => ({ turn, packer: createWordsPacker(codes.terms, turn, places) }));
      for (const text of texts) {
        for (const { turn, packer } of packers) packer.add(codesOf(codes, turn === 1 ? text.toReversed() : text));
      }
      for (const { turn, packer } of packers) {
        const alone = createTermCodes();
        for (const text of texts) codesOf(alone, text);
        const plain = createWordsPacker(alone.terms);
        for (const text of texts) plain.add(codesOf(alone, turn === 1 ? text.toReversed() : text));
        expect(packer.finish()).toEqual(plain.finish());
      }
    }),
  );
});

it("packs the terms of a document among those of the documents before", () => {
  const codes = createTermCodes();
  codesOf(
    codes,
    Array.from({ length: 300 }, (_, at) => `w${at}`),
  );
  const packer = createWordsPacker(codes.terms);
  for (const text of [["w299", "new", "w299"], ["new"]]) packer.add(codesOf(codes, text));
  const { terms, entries, counts, starts, lengths } = packer.finish();
  expect(terms).toBe(codes.terms);
  expect(Array.from(entries, (entry) => terms[entry])).toEqual(["w299", "new", "new"]);
  expect([[...counts], [...starts], [...lengths]]).toEqual([
    [2, 1, 1],
    [0, 2, 3],
    [3, 1],
  ]);
});
