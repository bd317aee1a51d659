import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readSitemap } from "../../../src/retrieval/fetching/sitemap.ts";
import { refusalOf } from "./fetching.ts";

const BASE = "https://pages.test/sitemap.xml";
const read = (text: string | Uint8Array, limit = 1_000) =>
  readSitemap(typeof text === "string" ? new TextEncoder().encode(text) : text, BASE, limit);
const urlset = (...locs: readonly string[]) =>
  `<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${locs.map((loc) => `<url><loc>${loc}</loc></url>`).join("\n")}</urlset>`;

describe("a sitemap", () => {
  it("lists pages of its own host, each once, without fragments, in its order", async () => {
    const sitemap = await read(
      urlset(
        "https://pages.test/b",
        "\n  https://pages.test/a?x=1&amp;y=2#part  ",
        "https://pages.test/a?x=1&#38;y=2",
        "<![CDATA[https://pages.test/c?x=1&y=2]]>",
        "http://PAGES.test/退货",
        "https://other.test/",
        "https://www.pages.test/",
        "https://user:pass@pages.test/",
        "ftp://pages.test/",
        "javascript:alert(1)",
        "/relative",
        "",
        `https://pages.test/${"x".repeat(4_096)}`,
      ),
    );
    expect(sitemap).toEqual({
      pages: [
        "https://pages.test/b",
        "https://pages.test/a?x=1&y=2",
        "https://pages.test/c?x=1&y=2",
        "http://pages.test/%E9%80%80%E8%B4%A7",
      ],
      sitemaps: [],
      skipped: 8,
      cut: false,
    });
  });

  it("may be an index of others, with a prefix, in UTF-16, or begin with a mark", async () => {
    const index =
      '<s:sitemapindex xmlns:s="x"><s:sitemap><s:loc>https://pages.test/1.xml.gz</s:loc></s:sitemap></s:sitemapindex>';
    const expected = { pages: [], sitemaps: ["https://pages.test/1.xml.gz"], skipped: 0, cut: false };
    const utf16 = Buffer.from(`\uFEFF${index}`, "utf16le");
    for (const form of [index, `\uFEFF \n<!-- made by hand -->${index}`, utf16, Buffer.from(utf16).swap16()]) {
      expect(await read(form)).toEqual(expected);
    }
  });

  it("has other addresses in its extensions, which are no pages", async () => {
    const entry = `<url>
      <i:loc>https://pages.test/1</i:loc><loc>https://pages.test/page</loc><lastmod>https://pages.test/2</lastmod>
      <image:image><image:loc>https://pages.test/3</image:loc><loc>https://pages.test/4</loc></image:image>
      <xhtml:link rel="alternate" href="https://pages.test/5"/></url>`;
    const sitemap = await read(`<urlset>${entry}<loc>https://pages.test/6</loc></urlset>`);
    expect(sitemap).toMatchObject({ pages: ["https://pages.test/page"], skipped: 0 });
  });

  it("may be packed, and may be a text with one address a line", async () => {
    const lines = "\uFEFFhttps://pages.test/1\r\n\r\nhttps://pages.test/2#x\nhttps://other.test/\nhttps://pages.test/3";
    const expected = { pages: [1, 2, 3].map((n) => `https://pages.test/${n}`), skipped: 1 };
    expect(await read(lines)).toMatchObject(expected);
    expect(await read(gzipSync(lines))).toMatchObject(expected);
    expect(await read(gzipSync(urlset("https://pages.test/1")))).toMatchObject({ pages: ["https://pages.test/1"] });
  });

  it("is read to the limit, and says that there is more only when there is", async () => {
    const [one, two, three] = ["https://pages.test/1", "https://pages.test/2", "https://pages.test/3"] as const;
    expect(await read(urlset(one, two, one, two), 2)).toMatchObject({ pages: [one, two], cut: false });
    expect(await read(urlset(one, two, three), 2)).toMatchObject({ pages: [one, two], cut: true });
    expect(await read([one, two, three].join("\n"), 2)).toMatchObject({ pages: [one, two], cut: true });
    // What follows is not looked at any more: here it would be an error.
    expect(await read(`${urlset(one, two, three)}${" ".repeat(100_000)}<html>`, 2)).toMatchObject({ cut: true });
  });

  it("with nothing in it lists nothing", async () => {
    expect(await read("<urlset/>")).toEqual({ pages: [], sitemaps: [], skipped: 0, cut: false });
  });

  it("that was cut off has no half of an address", async () => {
    const whole = urlset("https://pages.test/1", "https://pages.test/2000");
    const cut = await read(whole.slice(0, whole.indexOf("000")));
    expect(cut).toMatchObject({ pages: ["https://pages.test/1"], skipped: 0 });
  });

  it("is the same wherever the pieces end in which it is read, also within a character", async () => {
    const urls = Array.from({ length: 200 }, (_, n) => `https://pages.test/退货/${n}?x=1&y=${n}`);
    const pages = urls.map((url) => new URL(url).href);
    const xml = urlset(...urls.map((url) => url.replaceAll("&", "&amp;")));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 5_000, max: 16_384 }), async (padding) => {
        expect((await read(`<!--${"x".repeat(padding)}-->${xml}`)).pages).toEqual(pages);
        expect((await read(`${"\n".repeat(padding)}${urls.join("\n")}`)).pages).toEqual(pages);
      }),
      { numRuns: 40 },
    );
  });
});

describe("what is no sitemap", () => {
  it.each([
    "",
    " ",
    "hello\nworld",
    "<html><body><loc>https://pages.test/</loc></body></html>",
    "<url><loc>https://pages.test/</loc></url>",
    "<urlset/><urlset/>",
    "<!-- nothing -->",
    "<",
    "\0\0\0\0",
    "%PDF-1.7",
    `<urlset>${"<a>".repeat(100)}`,
    "<rss><channel><link>https://pages.test/</link></channel></rss>",
  ])("is refused: %j", async (text) => {
    expect(await refusalOf(read(text))).toBe("The address is no sitemap.");
  });

  it("fault 71: bombs of entities are refused before they are read", async () => {
    const lol = `<!ENTITY a "${"ha".repeat(100)}"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">`;
    for (const type of [
      `<!DOCTYPE urlset [${lol}]>`,
      '<!DOCTYPE urlset SYSTEM "file:///etc/passwd">',
      "<!doctype urlset>",
    ]) {
      const bomb = `<?xml version="1.0"?>${type}<urlset><url><loc>https://pages.test/&b;</loc></url></urlset>`;
      expect(await refusalOf(read(bomb))).toBe("The address is no sitemap: it has a document type.");
    }
  });

  it("fault 71: what is too large, or becomes it, and what cannot be unpacked are refused", async () => {
    const TOO_LARGE = "The address has more than 10000000 bytes of content.";
    expect(await refusalOf(read(gzipSync(Buffer.alloc(30_000_000, " "))))).toBe(TOO_LARGE);
    expect(await refusalOf(read(Buffer.alloc(10_000_001, " ")))).toBe(TOO_LARGE);
    const broken = gzipSync(urlset("https://pages.test/")).subarray(0, 40);
    expect(await refusalOf(read(broken))).toBe("The address has content that cannot be decompressed.");
  });

  it("an entry of any length costs no more than its text", async () => {
    const long = await read(`<urlset><url><loc>${"https://pages.test/x".repeat(100_000)}</loc></url></urlset>`);
    expect(long).toMatchObject({ pages: [], skipped: 1 });
  });
});
