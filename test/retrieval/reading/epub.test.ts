import { describe, expect, it } from "vitest";
import { parseEpub } from "../../../src/retrieval/reading/epub.ts";
import { readingLimits } from "../../../src/retrieval/reading/limits.ts";
import { markEncrypted } from "../../support/files/make-docx.ts";
import { type Book, encryptionXml, makeEpub, navPage, packageXml, page } from "../../support/files/make-epub.ts";
import { shown } from "./shown.ts";

const read = (bytes: Uint8Array) => parseEpub(bytes, "file");
const chapter = { file: "c1.xhtml", body: "<p>Text.</p>" };

describe("parseEpub", () => {
  it("reads chapters in the order of the spine, under their headings, and the title from the metadata", async () => {
    const document = await read(
      makeEpub({
        title: "Tea &amp; trade",
        chapters: [
          {
            file: "text/two%20a.xhtml",
            body: "<h1>Second</h1><p>One&nbsp;&mdash; two<br/>three.</p><ul><li>a</li><li>b</li></ul>",
          },
          {
            file: "c1.xhtml",
            body: '<section><header><h1>First</h1></header><p id="x">Four.<a id="y"/> Five.</p><h2>Inner</h2><p/>Six.</section>',
          },
        ],
      }),
    );
    expect(document.title).toBe("Tea & trade");
    expect(shown(document)).toEqual([
      ["Second", "One\u00a0— two\nthree.\n\n- a\n- b"],
      ["First", "Four. Five."],
      ["First › Inner", "Six."],
    ]);
  });

  it("reads Chinese, in UTF-8 and in what a page names", async () => {
    const gb = Buffer.concat([
      Buffer.from('<?xml version="1.0" encoding="GB2312"?><html><body><p>'),
      Buffer.from([0xcd, 0xcb, 0xbf, 0xee]),
      Buffer.from("</p></body></html>"),
    ]);
    const book: Book = {
      title: "茶壶手册",
      chapters: [
        { file: "第一章.xhtml", body: "<h1>退货</h1><p>七天内可以退货。</p>" },
        { file: "b.xhtml", body: "" },
      ],
      nav: [{ name: "退款", to: "b.xhtml" }],
    };
    const document = await read(makeEpub(book, { "OEBPS/b.xhtml": gb }));
    expect(document.title).toBe("茶壶手册");
    expect(shown(document)).toEqual([
      ["退货", "七天内可以退货。"],
      ["退款", "退款"],
    ]);
  });

  const bare: Book["chapters"] = [
    { file: "c1.xhtml", body: "<p>One.</p>" },
    { file: "c2.xhtml", body: "<p>Two.</p><h2>Own</h2><p>Three.</p>" },
    { file: "c3.xhtml", body: "<p>Goes on.</p>" },
    { file: "c4.xhtml", body: '<h1>Of its own</h1><p>Four.</p><p id="b">Five.</p><h2 id="c">Last</h2><p>Six.</p>' },
  ];
  const entries = [
    {
      name: "Part I",
      inner: [
        { name: "Chapter\n 1", to: "c1.xhtml" },
        { name: "Chapter 2", to: "c2.xhtml#" },
      ],
    },
    {
      name: "Called otherwise",
      to: "c4.xhtml",
      inner: [
        { name: "B", to: "c4.xhtml#b" },
        { name: "C", to: "c4.xhtml#c" },
      ],
    },
    { name: "Elsewhere", to: "https://shop.example/c1.xhtml" },
    { name: "Again", to: "c1.xhtml" },
  ];
  it.each(["nav", "ncx"] as const)(
    "takes headings from a table of contents (%s) where a chapter has none",
    async (kind) => {
      const document = await read(makeEpub({ chapters: bare, [kind]: entries }));
      expect(shown(document)).toEqual([
        ["Part I › Chapter 1", "One."],
        ["Part I › Chapter 2", "Two."],
        ["Part I › Own", "Three.\n\nGoes on."],
        ["Of its own", "Four."],
        ["Called otherwise › B", "Five."],
        ["Called otherwise › Last", "Six."],
      ]);
    },
  );

  it("finds what is called something inside one page, without cutting its headings", async () => {
    const body = '<p><a id="a"></a>One.</p><p>Two <a name="b"></a>three.</p><h2>The <a id="c"/>end</h2><p>Four.</p>';
    const nav = ["a", "b", "c"].map((id) => ({ name: id.toUpperCase(), to: `c1.xhtml#${id}` }));
    expect(shown(await read(makeEpub({ chapters: [{ file: "c1.xhtml", body }], nav })))).toEqual([
      ["A", "One.\n\nTwo"],
      ["B", "three."],
      ["B › The end", "Four."],
    ]);
  });

  it.each([
    ["a number of its own", '<a href="c1.xhtml"><span>1</span> Returns</a>', "1 Returns"],
    ["every word of its own", '<a href="c1.xhtml"><span>1</span> <span><span>Re</span>turns</span></a>', "1 Returns"],
    ["a number before the link", '<span>1</span><a href="c1.xhtml"> Returns</a>', "1 Returns"],
    ["no link", "<span>1 <span>Returns</span> and</span> more", ""],
  ])("reads an entry of the table of contents that has %s", async (_name, entry, heading) => {
    const nav = page(`<nav epub:type="toc"><ol><li>${entry}</li></ol></nav>`);
    const bytes = makeEpub({ chapters: [chapter], nav: [] }, { "OEBPS/nav.xhtml": nav });
    expect((await read(bytes)).sections.map((section) => section.heading)).toEqual([heading]);
  });

  it("keeps the name of what holds others whole, though it has spans inside it", async () => {
    const inner = '<ol><li><a href="c1.xhtml"><b>Re</b>turns</a></li></ol>';
    const nav = page(`<nav epub:type="toc"><ol><li><span>Part <span>I</span> of two</span>${inner}</li></ol></nav>`);
    const bytes = makeEpub({ chapters: [chapter], nav: [] }, { "OEBPS/nav.xhtml": nav });
    expect(shown(await read(bytes))).toEqual([["Part I of two › Returns", "Text."]]);
  });

  it("reads a book of one page that is its table of contents too", async () => {
    const body =
      '<nav epub:type="toc"><ol><li><a href="#a">Returns</a></li></ol></nav><h1 id="a">Returns</h1><p>Seven days.</p>';
    const { sections, text } = await read(makeEpub({ chapters: [], nav: [] }, { "OEBPS/nav.xhtml": page(body) }));
    expect(text).toContain("Seven days.");
    expect(sections.map(({ heading }) => heading)).toContain("Returns");
  });

  it("prefers the newer table of contents, and takes the older where that one names nothing", async () => {
    const book: Book = {
      chapters: [chapter],
      nav: [{ name: "New", to: "c1.xhtml" }],
      ncx: [{ name: "Old", to: "c1.xhtml" }],
    };
    expect(shown(await read(makeEpub(book)))).toEqual([["New", "Text."]]);
    expect(shown(await read(makeEpub(book, { "OEBPS/nav.xhtml": navPage([]) })))).toEqual([["Old", "Text."]]);
  });

  it("leaves the table of contents, covers and pages that are pictures out", async () => {
    const book: Book = {
      chapters: [
        { file: "cover.xhtml", body: '<div><img src="cover.jpg" alt="Cover"/><svg><title>Cover</title></svg></div>' },
        { file: "map.svg", body: "", mediaType: "image/svg+xml" },
        chapter,
      ],
      nav: [
        { name: "Cover", to: "cover.xhtml" },
        { name: "One", to: "c1.xhtml" },
      ],
      manifest:
        '<item id="p" href="p.pdf" media-type="application/pdf" fallback="q"/><item id="q" href="q.xhtml" media-type="application/xhtml+xml"/>',
      spine: '<itemref idref="p"/><itemref idref="c2"/>',
    };
    const document = await read(makeEpub(book, { "OEBPS/q.xhtml": page("<p>In its place.</p>") }));
    expect(document.text).toBe("Text.\n\nIn its place.");
    expect(document.sections.map(({ heading }) => heading)).toEqual(["One"]);
  });

  it("reads what is encrypted in nothing but its fonts, and nothing but what it needs", async () => {
    const picture = new Uint8Array(8 * 1024 * 1024);
    const pictures = Object.fromEntries(Array.from({ length: 1_100 }, (_, at) => [`OEBPS/${at}.jpg`, ""]));
    const document = await read(
      makeEpub(
        { chapters: [chapter] },
        {
          ...pictures,
          "OEBPS/large.jpg": picture,
          "META-INF/encryption.xml": encryptionXml("OEBPS/font.otf"),
        },
      ),
    );
    expect(document.text).toBe("Text.");
  });

  it("goes by the name of the file where the book has no title and no heading", async () => {
    expect((await read(makeEpub({ title: " ", chapters: [chapter] }))).title).toBe("file");
  });

  it("refuses what unpacks to too much, and what has too many entries", async () => {
    const limits = { ...readingLimits, zipBytes: 100_000, bookEntries: 20 };
    const large = [1, 2, 3].map((at) => ({ file: `c${at}.xhtml`, body: "a".repeat(50_000) }));
    await expect(parseEpub(makeEpub({ chapters: large }), "file", limits)).rejects.toThrow(
      /unpacks to more than .* MB/,
    );
    const many = Array.from({ length: 20 }, (_, at) => ({ file: `c${at}.xhtml`, body: "a" }));
    await expect(parseEpub(makeEpub({ chapters: many }), "file", limits)).rejects.toThrow(/23 entries; allowed are 20/);
  });

  const laughs = '<!DOCTYPE html [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>';
  const one: Book = { chapters: [chapter] };
  const withPackage = (book: Partial<Book>) => makeEpub(one, { "OEBPS/content.opf": packageXml({ ...one, ...book }) });
  it.each([
    [
      "archive without a container",
      () => makeEpub(one, { "META-INF/container.xml": undefined }),
      /without a book in it/,
    ],
    [
      "container that names nothing",
      () => makeEpub(one, { "META-INF/container.xml": "<container/>" }),
      /does not say where/,
    ],
    [
      "package that is missing",
      () => makeEpub(one, { "OEBPS/content.opf": undefined }),
      /OEBPS\/content\.opf.* is missing/,
    ],
    ["book without chapters", () => makeEpub({ chapters: [] }), /has no chapter in it/],
    ["spine that names nothing", () => withPackage({ spine: '<itemref idref="gone"/>' }), /names the chapter "gone"/],
    [
      "chapter that is missing",
      () => makeEpub(one, { "OEBPS/c1.xhtml": undefined }),
      /chapter that is not in it: OEBPS\/c1/,
    ],
    [
      "chapter above the archive",
      () => withPackage({ chapters: [{ ...chapter, file: "../../etc/passwd" }] }),
      /not in it: \.\.\/\.\.\/etc/,
    ],
    [
      "chapter behind escapes above it",
      () => withPackage({ chapters: [{ ...chapter, file: "%2e%2e/%2e%2e/a.xhtml" }] }),
      /not in it: %2e/,
    ],
    [
      "chapter elsewhere",
      () => withPackage({ chapters: [{ ...chapter, file: "http://a.example/c1.xhtml" }] }),
      /not in it: http:/,
    ],
    [
      "chapter on the disk",
      () => withPackage({ chapters: [{ ...chapter, file: "/OEBPS/c1.xhtml" }] }),
      /not in it: \/OEBPS/,
    ],
    [
      "encrypted chapter",
      () => makeEpub(one, { "META-INF/encryption.xml": encryptionXml("OEBPS/c1.xhtml") }),
      /^is encrypted$/,
    ],
    ["encrypted archive", () => markEncrypted(makeEpub(one)), /is encrypted/],
    ["truncated archive", () => makeEpub(one).slice(0, -40), /is cut off/],
    [
      "zip bomb by its ratio",
      () => makeEpub(one, { "OEBPS/c1.xhtml": " ".repeat(3_000_000) }),
      /more than 100 times its size/,
    ],
    ["billion laughs in a chapter", () => makeEpub(one, { "OEBPS/c1.xhtml": `${laughs}<p>&b;</p>` }), /an XML bomb/],
    [
      "billion laughs in the package",
      () => makeEpub(one, { "OEBPS/content.opf": laughs + packageXml(one) }),
      /an XML bomb/,
    ],
    [
      "billion laughs in the contents",
      () => makeEpub({ ...one, ncx: [] }, { "OEBPS/toc.ncx": `${laughs}<ncx/>` }),
      /an XML bomb/,
    ],
    [
      "deep chapter",
      () => makeEpub({ chapters: [{ file: "c1.xhtml", body: "<b>".repeat(1_000) }] }),
      /nested more than 500 deep/,
    ],
    ["book without text", () => makeEpub({ chapters: [{ file: "c1.xhtml", body: '<img src="a.png"/>' }] }), /no text/],
  ])("fault 69: refuses a %s", async (_name, make, reason) => {
    await expect(read(make())).rejects.toThrow(
      expect.objectContaining({ name: "Unreadable", message: expect.stringMatching(reason) }),
    );
  });
});
