import { describe, expect, it } from "vitest";
import { parseDocument as parseSteps } from "../../src/retrieval/parse.ts";
import { finished } from "./finished.ts";

const parseDocument = (name: string, content: string) => finished(parseSteps(name, content));

const headings = (markdown: string) => parseDocument("a.md", markdown).sections.map(({ heading }) => heading);

describe("parseDocument", () => {
  it("reads title, heading paths and bodies of Markdown", () => {
    const markdown = "---\nx: 1\n---\n# Title **one**\nIntro\n## Outer\nText\n### Inner\nMore\n## Next `code`\nEnd\n";
    const { title, text, sections } = parseDocument("a.md", markdown);
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
    const { sections } = parseDocument("a.md", `## a${mark.repeat(100_000)}b\nText\n`);
    expect(sections).toHaveLength(1);
    expect(sections[0]?.heading.length).toBeLessThanOrEqual(200);
  });

  it("keeps a document of headings alone", () => {
    expect(parseDocument("a.md", "# One\n## Two\n").sections).toEqual([{ heading: "", start: 0, end: 13 }]);
  });

  it("takes the title of a plain text from its name", () => {
    const { title, sections } = parseDocument("notes.v2.TXT", "# no heading\r\nText");
    expect(title).toBe("notes.v2");
    expect(sections).toEqual([{ heading: "", start: 0, end: 17 }]);
  });

  it.each([
    ["empty.md", " \n\0", "document_unreadable", /cannot be read/],
    ["empty.md", " \n# \n", "document_unreadable", /is empty/],
    ["binary.txt", "PK\0\0\uFFFDabc", "document_unreadable", /not text in UTF-8: 3 of its 8/],
    ["large.md", "退".repeat(1_747_627), "document_unreadable", /has 5242881 bytes; allowed are 5242880/],
    ["a.pdf", "text", "unsupported_media_type", /\.md, \.markdown, \.txt, \.text/],
    ["noending", "text", "unsupported_media_type", /noending/],
    ["a/b.md", "text", "invalid_request", /without slashes/],
    ["", "text", "invalid_request", /1 to 200/],
    [`${"a".repeat(198)}.md`, "text", "invalid_request", /1 to 200/],
  ])("refuses %s with a reason of its own (case %#)", (name, content, code, reason) => {
    expect(() => parseDocument(name, content)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(reason) }),
    );
  });

  it("takes a file of exactly the largest size", () => {
    expect(parseDocument("a.txt", "a".repeat(5 * 1024 * 1024)).text).toHaveLength(5 * 1024 * 1024);
  });
});
