import fc from "fast-check";
import { expect, it } from "vitest";
import { foldText, normaliseText } from "../../src/text/normalise.ts";

it("makes line ends, byte order marks, NUL and lone surrogates harmless and leaves the rest alone", () => {
  expect(normaliseText("\uFEFFa\r\nb\rc\0d\uD800e\uDC00 \u{1F600} ＡＢ  é")).toBe(
    "a\nb\nc\uFFFDd\uFFFDe\uFFFD \u{1F600} ＡＢ  é",
  );
});

it("changes nothing the second time", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(normaliseText(normaliseText(text))).toBe(normaliseText(text));
    }),
  );
});

it("folds width, case and apostrophes for comparing", () => {
  expect(foldText("ＷｉＦｉ Don’t ２．４")).toBe("wifi don't 2.4");
});
