import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { parseDocx } from "../../../src/retrieval/reading/docx.ts";
import { readingLimits } from "../../../src/retrieval/reading/limits.ts";
import { declareSize, documentXml, makeDocx, markEncrypted } from "../../support/files/make-docx.ts";
import { shown } from "./shown.ts";

const read = (bytes: Uint8Array) => parseDocx(bytes, "file");
const paragraph = { text: "Text." };

describe("parseDocx", () => {
  it("reads title, headings, paragraphs, lists and tables", async () => {
    const document = await read(
      makeDocx([
        { text: "Return policy", style: "Title" },
        { text: "Who & how <now>" },
        { text: "Returns", style: "heading 1" },
        { text: "Within 14 days." },
        { text: "one", isItem: true },
        { text: "two", isItem: true },
        { text: "Fees", style: "heading 2" },
        {
          rows: [
            ["Name", "Price"],
            ["A", "5"],
          ],
          hasHead: true,
        },
        { rows: [["x", "y"]] },
      ]),
    );
    expect(document.title).toBe("Return policy");
    expect(shown(document)).toEqual([
      ["", "Who & how <now>"],
      ["Returns", "Within 14 days.\n\n- one\n- two"],
      ["Returns › Fees", "Name: A; Price: 5\n\n| x | y |"],
    ]);
  });

  it("reads Chinese, with the styles of Chinese programs", async () => {
    const document = await read(
      makeDocx([
        { text: "退款政策", style: "标题 1" },
        { text: "七天内可以退款。" },
        { text: "费用", style: "标题 2" },
        { text: "免费。" },
      ]),
    );
    expect(document.title).toBe("退款政策");
    expect(shown(document)).toEqual([
      ["", "七天内可以退款。"],
      ["费用", "免费。"],
    ]);
  });

  it("unpacks nothing but the parts that hold text", async () => {
    const picture = new Uint8Array(8 * 1024 * 1024);
    const document = await read(
      makeDocx([paragraph], { "word/media/image1.png": picture, "word/embeddings/a.xml": picture }),
    );
    expect(document.text).toBe("Text.");
  });

  const laughs = `<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>${documentXml([{ text: "" }]).slice(38)}`;
  const external = `<!DOCTYPE a [<!ELEMENT a ANY><!ENTITY e SYSTEM "file:///etc/passwd">]>${documentXml([{ text: "" }]).slice(38)}`;
  const parts = (count: number, content: string) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`word/part${at}.xml`, content]));
  it("fault 69: refuses a zip bomb by its total, and a document of too many elements", async () => {
    const large = makeDocx([paragraph], parts(3, "a".repeat(900_000)));
    const limits = { ...readingLimits, zipBytes: 2 * 1024 * 1024, elements: 1_000 };
    await expect(parseDocx(large, "file", limits)).rejects.toThrow(/unpacks to more than 2 MB \(a zip bomb/);
    const many = makeDocx([paragraph], parts(1, "<a/>".repeat(1_000)));
    await expect(parseDocx(many, "file", limits)).rejects.toThrow(/more than 1000 elements/);
  });

  it.each([
    [
      "zip bomb by its ratio",
      () => makeDocx([paragraph], { "word/document.xml": " ".repeat(3_000_000) }),
      /more than 100 times its size \(a zip bomb/,
    ],
    ["zip bomb by its entries", () => makeDocx([paragraph], parts(1_001, "")), /holds 1006 entries; allowed are 1000/],
    ["size that is not true", () => declareSize(makeDocx([{ text: "a".repeat(10_000) }]), 100), /is damaged/],
    ["encrypted entry", () => markEncrypted(makeDocx([paragraph])), /is encrypted/],
    ["truncated archive", () => makeDocx([paragraph]).slice(0, -40), /is cut off/],
    ["archive without a document", () => zipSync({ "a.txt": new Uint8Array(3) }), /without a Word document/],
    ["document that is no XML", () => makeDocx([], { "word/document.xml": "" }), /is damaged/],
    ["billion laughs", () => makeDocx([], { "word/document.xml": laughs }), /an XML bomb/],
    ["external entity", () => makeDocx([], { "word/document.xml": external }), /an XML bomb/],
    [
      "document type",
      () =>
        makeDocx([], {
          "word/document.xml": `<!DOCTYPE a SYSTEM "http://a.example/a.dtd">${documentXml([paragraph])}`,
        }),
      /document type of its own/,
    ],
    ["deep elements", () => makeDocx([], { "word/document.xml": "<a>".repeat(1_000) }), /nested more than 500 deep/],
    ["document without text", () => makeDocx([{ text: " " }]), /no text/],
  ])("fault 69: refuses a %s", async (_name, make, reason) => {
    await expect(read(make())).rejects.toThrow(
      expect.objectContaining({ name: "Unreadable", message: expect.stringMatching(reason) }),
    );
  });
});
