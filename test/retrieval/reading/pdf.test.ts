import { describe, expect, it } from "vitest";
import { readingLimits } from "../../../src/retrieval/reading/limits.ts";
import { parsePdf } from "../../../src/retrieval/reading/pdf.ts";
import { linesAt, makePdf, type PdfText } from "../../support/files/make-pdf.ts";
import { shown } from "./shown.ts";

const read = (bytes: Uint8Array) => parsePdf(bytes, "file");
const textOf = async (texts: readonly PdfText[]) => (await read(makePdf([texts]))).text;

describe("parsePdf", () => {
  it("reads a page a section, and the title of its facts", async () => {
    const pages = [
      linesAt(["Returns are free within fourteen days after you have received", "the goods."]),
      [],
      linesAt(["Second."]),
    ];
    const document = await read(makePdf(pages, { title: "Return policy" }));
    expect(document.title).toBe("Return policy");
    expect(shown(document)).toEqual([
      ["page 1", "Returns are free within fourteen days after you have received the goods."],
      ["page 3", "Second."],
    ]);
  });

  it("reads Chinese in a font that is not in the file, without blanks between lines", async () => {
    const pages = [linesAt(["退款将在七个工作日内原路退回到您的", "付款账户，请耐心等待。"]), linesAt(["第二页。"])];
    const document = await read(makePdf(pages, { title: "退款政策" }));
    expect(document.title).toBe("退款政策");
    expect(shown(document)).toEqual([
      ["第 1 页", "退款将在七个工作日内原路退回到您的付款账户，请耐心等待。"],
      ["第 2 页", "第二页。"],
    ]);
  });

  it.each(["Microsoft Word - a.doc", "policy.indd", "Untitled", "-", "文档1"])(
    "does not take %s for a title",
    async (title) => {
      expect((await read(makePdf([linesAt(["Text"])], { title }))).title).toBe("file");
    },
  );

  it("joins the lines of a paragraph and words that were divided, and keeps lists, short lines and rows apart", async () => {
    expect(
      await textOf(
        linesAt(["The carrier hands it over to the cus-", "tomer in person, or to the neighbours", "downstairs."]),
      ),
    ).toBe("The carrier hands it over to the customer in person, or to the neighbours downstairs.");
    expect(
      await textOf(linesAt(["Short line.", "Here a long line that fills the paragraph", "with more", "- item"])),
    ).toBe("Short line.\nHere a long line that fills the paragraph with more\n- item");
    const rows = [
      [72, 770, "Name"],
      [300, 770, "Price"],
      [72, 756, "Standard"],
      [300, 756, "4.90"],
    ] as const;
    expect(await textOf(rows.map(([x, y, text]) => ({ x, y, text })))).toBe("Name Price\nStandard 4.90");
  });

  it("starts a paragraph after a gap, at another size, and further up", async () => {
    const texts = [
      { text: "Heading of a size that stands out", x: 72, y: 780, size: 20 },
      ...[758, 744, 700].map((y, at) => ({ text: `Line ${at} that is long enough to go on`, x: 72, y })),
      { text: "Column two", x: 320, y: 780 },
    ];
    expect(await textOf(texts)).toBe(
      "Heading of a size that stands out\n\nLine 0 that is long enough to go on Line 1 that is long enough to go on\n\nLine 2 that is long enough to go on\n\nColumn two",
    );
  });

  const whole = () => makePdf([linesAt(["Text of the page."])]);
  const cut = (bytes: Uint8Array, share: number) => bytes.slice(0, bytes.length * share);
  const damaged = Buffer.from("%PDF-1.7\nnothing\n%%EOF");
  it.each([
    ["encrypted", () => makePdf([linesAt(["Text"])], { encrypted: true }), /^is encrypted/],
    ["truncated", () => cut(whole(), 0.7), /^is cut off/],
    [
      "truncated after an addition began",
      () => Buffer.concat([whole(), Buffer.from("9 0 obj\n<< /A 1 >>\n")]),
      /^is cut off/,
    ],
    [
      "truncated, with its first page at the start",
      () => Buffer.concat([Buffer.from("%PDF-1.7\n1 0 obj << /Linearized 1 /L 99999 >> endobj\n%%EOF\n"), whole()]),
      /^is cut off/,
    ],
    ["damaged", () => damaged, /^is damaged/],
    ["scanned", () => makePdf([[]]), /no text in it \(scanned/],
  ])("fault 69: refuses a file that is %s", async (_name, make, reason) => {
    await expect(read(make())).rejects.toThrow(
      expect.objectContaining({ name: "Unreadable", message: expect.stringMatching(reason) }),
    );
  });

  it("refuses more pages and more text than allowed", async () => {
    const limits = { ...readingLimits, pages: 2, textBytes: 64 };
    const page = linesAt(["Text of the page."]);
    await expect(parsePdf(makePdf([page, page, page]), "file", limits)).rejects.toThrow(/3 pages; allowed are 2/);
    await expect(parsePdf(makePdf([linesAt(["Text of the page.", "a".repeat(60)])]), "file", limits)).rejects.toThrow(
      /of text/,
    );
    expect((await parsePdf(makePdf([page, page]), "file", limits)).sections).toHaveLength(2);
  });
});
