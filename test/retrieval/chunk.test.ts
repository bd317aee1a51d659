import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chunkSections as chunkSteps } from "../../src/retrieval/chunk.ts";
import { parseDocument } from "../../src/retrieval/parse.ts";
import { sentenceSpans } from "../../src/text/sentences.ts";
import { finished } from "./finished.ts";

const chunkSections = (...given: Parameters<typeof chunkSteps>) => finished(chunkSteps(...given));

describe("chunkSections", () => {
  it("keeps a section that fits whole, without the white space around it", () => {
    const text = "\n\n One. Two.\n\n";
    expect(chunkSections(text, [{ heading: "H", start: 0, end: text.length }])).toEqual([
      { heading: "H", start: 3, end: 12 },
    ]);
  });

  it("cuts between sentences and repeats at most the overlap", () => {
    const text = Array.from({ length: 20 }, (_, index) => `Sentence number ${index} is here.`).join(" ");
    const chunks = chunkSections(text, [{ heading: "", start: 0, end: text.length }], { size: 100, overlap: 40 });
    for (const [index, { start, end }] of chunks.entries()) {
      expect(text.slice(start, end)).toMatch(/^Sentence .*\.$/);
      const next = chunks[index + 1];
      if (next) expect(end - next.start).toBeGreaterThan(0);
      if (next) expect(end - next.start).toBeLessThanOrEqual(40);
    }
  });

  it("prefers the end of a paragraph", () => {
    const text = `${"One here. ".repeat(7)}\n\n${"Two here. ".repeat(7)}`;
    const [first] = chunkSections(text, [{ heading: "", start: 0, end: text.length }], { size: 100, overlap: 0 });
    expect(text.slice(first?.start, first?.end)).not.toContain("Two");
  });

  it("leaves no letter out, with verbatim spans of the allowed size, sentences that fit whole, no pair of surrogates cut", () => {
    const piece = fc.constantFrom(
      "word ",
      "退款",
      "。",
      ". ",
      "\n",
      "\n\n",
      "\n## H\n",
      "- ",
      "\u{1F600}",
      "\u{20000}",
      "\u{20000}".repeat(50),
      "x".repeat(70),
      "3.5 ",
    );
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 120 }), (pieces) => {
        const source = `a${pieces.join("")}`;
        const { text, sections } = finished(parseDocument("markdown", source, "a"));
        const chunks = chunkSections(text, sections, { size: 64, overlap: 16 });
        const covered = new Set<number>();
        for (const { start, end } of chunks) {
          expect(end).toBeGreaterThan(start);
          expect(end - start).toBeLessThanOrEqual(64);
          expect(text.slice(start, end)).not.toMatch(/\p{Surrogate}/u);
          for (let at = start; at < end; at += 1) covered.add(at);
        }
        for (const section of sections) {
          for (let at = section.start; at < section.end; at += 1)
            if (/[\p{L}\p{N}]/u.test(text[at] ?? "")) expect(covered).toContain(at);
          for (const sentence of sentenceSpans(text, section)) {
            if (sentence.end - sentence.start > 64) continue;
            expect(chunks.some(({ start, end }) => start <= sentence.start && end >= sentence.end)).toBe(true);
          }
        }
      }),
    );
  });

  it("cuts a long text without paragraphs into the same sentences as a short one, and one without ends into pieces", () => {
    const sentences = Array.from({ length: 2_000 }, (_, at) => `Sentence number ${at} is here.`);
    const whole = (text: string) => [{ heading: "", start: 0, end: text.length }];
    const text = sentences.join(" ");
    const quotes = chunkSections(text, whole(text), { overlap: 0 }).map(({ start, end }) => text.slice(start, end));
    expect(quotes.join(" ")).toBe(text);
    expect(quotes.every((quote) => /^Sentence number \d+ .*\.$/.test(quote) && quote.length <= 512)).toBe(true);
    const endless = "\u{20000}".repeat(20_000);
    const pieces = chunkSections(endless, whole(endless), { overlap: 0 }).map(({ start, end }) =>
      endless.slice(start, end),
    );
    expect(pieces.join("")).toBe(endless);
    expect(pieces.every((piece) => !/\p{Surrogate}/u.test(piece))).toBe(true);
  });
});
