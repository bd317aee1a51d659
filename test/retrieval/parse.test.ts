import { describe, expect, it } from "vitest";
import { parseDocument as parseSteps } from "../../src/retrieval/parse.ts";
import { finished } from "./finished.ts";

const parseDocument = (...given: Parameters<typeof parseSteps>) => finished(parseSteps(...given));
const parseMarkdown = (markdown: string) => parseDocument("markdown", markdown, "a");

const headings = (markdown: string) => parseMarkdown(markdown).sections.map(({ heading }) => heading);

describe("parseDocument", () => {
  it("reads title, heading paths and bodies of Markdown", () => {
    const markdown = "---\nx: 1\n---\n# Title **one**\nIntro\n## Outer\nText\n### Inner\nMore\n## Next `code`\nEnd\n";
    const { title, text, sections } = parseMarkdown(markdown);
    expect(title).toBe("Title one");
    expect(sections.map(({ heading, start, end }) => [heading, text.slice(start, end).trim()])).toEqual([
      ["", "Intro"],
      ["Outer", "Text"],
      ["Outer › Inner", "More"],
      ["Next code", "End"],
    ]);
  });

  it("reads underlined headings and leaves fenced code alone", () => {
    expect(headings("Title\n=====\nText\n\nPart\n----\nText\n```sh\n# no heading\n```\n")).toEqual(["", "Part"]);
  });

  it("takes closing marks off a heading, keeps other ones, and cuts a very long one", () => {
    expect(headings("# T\n## One ## \nText\n## C#\nText\n##\nText\n##no\n")).toEqual(["One", "C#", ""]);
    expect(headings(`# T\n## ${"a".repeat(199)}\u{1F600}b\nText\n`)).toEqual(["a".repeat(199)]);
  });

  it.each([" ", "[", "#", "\t#"])("reads a heading line of %j a hundred thousand times", (mark) => {
    const { sections } = parseMarkdown(`## a${mark.repeat(100_000)}b\nText\n`);
    expect(sections).toHaveLength(1);
    expect(sections[0]?.heading.length).toBeLessThanOrEqual(200);
  });

  it("keeps a document of headings alone", () => {
    expect(parseMarkdown("# One\n## Two\n").sections).toEqual([{ heading: "", start: 0, end: 13 }]);
  });

  it("takes the title of a plain text from its name", () => {
    const { title, sections } = parseDocument("text", "# no heading\r\nText", "notes.v2");
    expect(title).toBe("notes.v2");
    expect(sections).toEqual([{ heading: "", start: 0, end: 17 }]);
  });

  it.each([
    [" \n\0", /cannot be read/],
    [" \n# \n", /is empty/],
    ["PK\0\0\uFFFDabc", /not text: 3 of its 8/],
    ["退".repeat(1_747_627), /has 5242881 bytes of text; allowed are 5242880/],
  ])("refuses what is no text with a reason of its own (case %#)", (content, reason) => {
    expect(() => parseMarkdown(content)).toThrow(
      expect.objectContaining({ name: "Unreadable", message: expect.stringMatching(reason) }),
    );
  });

  it("takes a text of exactly the largest size", () => {
    expect(parseDocument("text", "a".repeat(5 * 1024 * 1024), "a").text).toHaveLength(5 * 1024 * 1024);
  });
});
