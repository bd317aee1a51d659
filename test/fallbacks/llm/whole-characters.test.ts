import fc from "fast-check";
import { expect, it } from "vitest";
import { createWholeCharacters, wellFormed } from "../../../src/fallbacks/llm/whole-characters.ts";

it("joins the halves of characters wherever a text was cut", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.array(fc.nat({ max: 4 })), (text, sizes) => {
      const whole = createWholeCharacters();
      const pieces: string[] = [];
      let from = 0;
      for (const size of sizes) {
        pieces.push(whole.take(text.slice(from, from + size)));
        from += size;
      }
      pieces.push(whole.take(text.slice(from)), whole.rest());
      expect(pieces.join("")).toBe(text);
      for (const piece of pieces) expect(() => encodeURIComponent(piece)).not.toThrow();
    }),
  );
});

it("puts a sign for half a character that stays alone", () => {
  const whole = createWholeCharacters();
  expect([whole.take("a\ud83d"), whole.take("b\ude00"), whole.take("\ud83d"), whole.rest(), whole.rest()]).toEqual([
    "a",
    "\uFFFDb\uFFFD",
    "",
    "\uFFFD",
    "",
  ]);
  expect(wellFormed("\ude00\ud83d 😀")).toBe("\uFFFD\uFFFD 😀");
});
