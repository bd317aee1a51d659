import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readPageLinks } from "../../../src/retrieval/fetching/page-links.ts";

const at = "https://shop.example/help/index.html";
const read = (html: string | Uint8Array, more: object = {}) =>
  readPageLinks({ url: at, mediaType: "text/html", bytes: Buffer.from(html), ...more });

describe("the links of a page", () => {
  it("are addresses of the web, each once, without fragments, from where the page or its base is", async () => {
    const { links } = await read(
      `<a href=a.html>a</a> <A HREF='/b?x=1&amp;y=2#top'>b</A><area href="//cdn.example/c"><a href="a.html#x">
       <a name="d"><a href="mailto:a@b.example"><a href="javascript:void(0)"><a href="https://me:pw@shop.example/"><a href="http://["> <a href=" e f ">
       <!-- <a href="/comment"> --><script>'<a href="/script">'</script><style><a href="/style"></style><textarea><a href="/area"></textarea>`,
    );
    expect(links).toEqual([
      "https://shop.example/help/a.html",
      "https://shop.example/b?x=1&y=2",
      "https://cdn.example/c",
      "https://shop.example/help/e%20f",
    ]);
    const based = await read('<base href="/other/"><a href="a"><base href="/third/"><a href="b">');
    expect(based.links).toEqual(["https://shop.example/other/a", "https://shop.example/other/b"]);
  });

  it("leave out those that are marked, and tell under which address a page is known", async () => {
    const page = await read(
      '<link rel="stylesheet" href="s.css"><link rel="Canonical" href="/help/#a"><link rel=canonical href="/z"><a rel="external nofollow" href="a"><a rel="next" href="b">',
    );
    expect(page).toEqual({
      links: ["https://shop.example/help/b"],
      canonical: "https://shop.example/help/",
      index: true,
      follow: true,
    });
  });

  it.each([
    ['<meta name="robots" content="noindex">', [], false, true],
    ['<META NAME=Robots CONTENT="NOFOLLOW, noarchive">', [], true, false],
    ['<meta name="robots" content="none">', [], false, false],
    ['<meta name="understudy" content="noindex"><meta name="robots" content="all">', [], false, true],
    ['<meta name="otherbot" content="noindex">', [], true, true],
    ["", ["noindex, nofollow"], false, false],
    ["", ["otherbot: noindex, nofollow"], true, true],
    ["", ["otherbot: noindex", "nofollow"], true, false],
    ["", ["Understudy: noindex"], false, true],
    ["", ["unavailable_after: 25 Jun 2027 15:00:00 PST, noindex"], false, true],
    ["", ["max-snippet: 5"], true, true],
  ])("%s and %j: kept %s, followed %s", async (html, robotsTags, index, follow) => {
    expect(await read(html, { robotsTags })).toMatchObject({ index, follow });
    expect(await read(html, { robotsTags, mediaType: "application/pdf" })).toMatchObject({
      index: html === "" ? index : true,
      links: [],
    });
  });

  it("are found in any charset, and none beyond two million characters", async () => {
    const chinese = Buffer.concat([Buffer.from('<a href="/'), Buffer.from([0xcd, 0xcb]), Buffer.from('">')]);
    expect((await read(chinese, { charset: "gb2312" })).links).toEqual(["https://shop.example/%E9%80%80"]);
    expect((await read('<a href="/a">', { charset: "klingon" })).links).toEqual(["https://shop.example/a"]);
    expect((await read(`${" ".repeat(2_000_000)}<a href="/a">`)).links).toEqual([]);
  });

  it("are found in any bytes, cut anywhere", async () => {
    const pieces = fc.constantFrom(
      "<a ",
      "href=",
      '"',
      "'",
      ">",
      "<!--",
      "-->",
      "<script>",
      "</script>",
      "&#x",
      "/a",
      "<meta name=robots content=",
      "noindex",
      "<base ",
      "\0",
      "\u{1F600}",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(pieces, { maxLength: 40 }), async (list) => {
        for (const link of (await read(list.join(""))).links) expect(link).toMatch(/^https?:\/\/[^#]*$/);
      }),
    );
  });

  it("takes time with its length only, whatever it is made of", async () => {
    for (const piece of ["<b></x>", '<a href="&amp;', "<a b c d>", "<!--", "<"]) {
      const started = process.cpuUsage();
      await read(piece.repeat(Math.ceil(2_000_000 / piece.length)));
      expect(process.cpuUsage(started).user).toBeLessThan(5_000_000);
    }
  });
});
