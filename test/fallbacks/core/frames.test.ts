import fc from "fast-check";
import { expect, it } from "vitest";
import { createFrameReader, toFrame } from "../../../src/fallbacks/core/frames.ts";

it("puts messages together, in order, wherever a pipe cuts them", () => {
  const message = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.array(fc.integer()),
    fc.constant(undefined),
    fc.bigInt(),
  );
  fc.assert(
    fc.property(fc.array(message), fc.array(fc.nat({ max: 1_000 })), (messages, cuts) => {
      const bytes = Buffer.concat(messages.map(toFrame));
      const places = [
        0,
        ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((left, right) => left - right),
        bytes.length,
      ];
      const read = createFrameReader();
      const pieces = places.slice(1).map((end, at) => bytes.subarray(places[at], end));
      expect(pieces.flatMap((piece) => [...read(piece)])).toEqual(messages);
    }),
  );
});

it("gives out what is whole before the rest is there", () => {
  const read = createFrameReader();
  const second = toFrame("two");
  expect(read(Buffer.concat([toFrame("one"), second.subarray(0, 5)]))).toEqual(["one"]);
  expect(read(second.subarray(5))).toEqual(["two"]);
});

it("refuses what is no message, and one that is announced as longer than any", () => {
  expect(() => createFrameReader()(Buffer.from([2, 0, 0, 0, 1, 1]))).toThrow();
  expect(() => createFrameReader()(Buffer.from([1, 144, 208, 3]))).toThrow(
    "a message has 64000001 bytes; allowed are 64000000",
  );
  expect(createFrameReader()(Buffer.from([0, 144, 208, 3]))).toEqual([]);
});
