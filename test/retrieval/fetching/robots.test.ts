import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readRobots } from "../../../src/retrieval/fetching/robots.ts";

const url = (path: string) => new URL(path, "https://shop.example");
const allows = (text: string, path: string) => readRobots(text, "understudy").allows(url(path));

describe("robots.txt", () => {
  it("is read in one go, however many spaces stand in a value", () => {
    const many = " ".repeat(250_000);
    const text = `User-agent: *\nDisallow: /a${many}b\nDisallow:${many}/c`;
    expect([allows(text, "/a"), allows(text, "/c")]).toEqual([true, false]);
  });

  it.each([
    ["nothing", "", "/a", true],
    ["a page of HTML", "<html><body>Not found: see /a</body></html>", "/a", true],
    ["everybody", "User-agent: *\nDisallow: /a", "/a/b", false],
    ["nothing for everybody", "User-agent: *\nDisallow:", "/a", true],
    ["others only", "User-agent: otherbot\nDisallow: /", "/a", true],
    ["us before everybody", "User-agent: *\nDisallow: /\n\nUser-agent: Understudy/2.0\nDisallow: /b", "/a", true],
    ["us among several names", "User-agent: otherbot\nUser-agent: UNDERSTUDY\nDisallow: /a", "/a", false],
    [
      "us twice",
      "User-agent: understudy\nDisallow: /a\nUser-agent: x\nUser-agent: understudy\nDisallow: /b",
      "/b",
      false,
    ],
    ["the longest rule", "User-agent: *\nDisallow: /a/\nAllow: /a/b\nDisallow: /a/b/c", "/a/b/d", true],
    ["the longest rule in any order", "User-agent: *\nDisallow: /a/b/c\nAllow: /a/b\nDisallow: /a/", "/a/b/c/d", false],
    ["two of one length", "User-agent: *\nDisallow: /a\nAllow: /a", "/a", true],
    ["a star", "User-agent: *\nDisallow: /*.php", "/x/a.php?y=1", false],
    ["a star that is not met", "User-agent: *\nDisallow: /*.php", "/x/a.html", true],
    ["an end", "User-agent: *\nDisallow: /*.php$", "/a.php?y=1", true],
    ["an end that is met", "User-agent: *\nDisallow: /*.php$", "/a.php.php", false],
    ["a whole address", "User-agent: *\nDisallow: /a$", "/ab", true],
    ["several stars", "User-agent: *\nDisallow: /a*b*c$", "/a1b2b3c", false],
    ["stars with nothing between", "User-agent: *\nDisallow: /ab*b$", "/ab", true],
    ["a query", "User-agent: *\nDisallow: /*?", "/a?b", false],
    ["escapes in other forms", "User-agent: *\nDisallow: /%7ea/%e9%80%80", "/~a/退", false],
    ["characters without escapes", "User-agent: *\nDisallow: /退款", "/%E9%80%80%E6%AC%BE/a", false],
    ["an escaped slash is no slash", "User-agent: *\nDisallow: /a%2Fb", "/a/b", true],
    ["comments, spaces and marks", "\uFEFF # hello\r\nUSER-AGENT : * # all\r\n  disallow:/a# here\r\n", "/a", false],
    ["other lines do not end a group", "User-agent: *\nSitemap: https://a.example/s.xml\nDisallow: /a", "/a", false],
    ["rules without a name", "Disallow: /a", "/a", true],
    ["robots.txt itself", "User-agent: *\nDisallow: /", "/robots.txt", true],
  ])("%s", (_what, text, path, expected) => {
    expect(allows(text, path)).toBe(expected);
  });

  it("asks for pauses of some seconds, where it does", () => {
    const delay = (value: string) => readRobots(`User-agent: *\nCrawl-delay: ${value}`, "understudy").delayMs;
    expect([delay("2"), delay("0.5"), delay("-1"), delay("soon"), delay("")]).toEqual([2_000, 500, 0, 0, 0]);
  });

  it("is not read any further than half a million characters", () => {
    const text = (filler: number) => `User-agent: *\n${"#".repeat(filler)}\nDisallow: /`;
    expect(allows(text(511_900), "/a")).toBe(false);
    expect(allows(text(512_000), "/a")).toBe(true);
  });

  it("takes time with its length only, whatever it is made of", () => {
    const pattern = `User-agent: *\nDisallow: /${"a*".repeat(2_000)}b$`;
    const started = process.cpuUsage();
    expect(allows(pattern, `/${"a".repeat(4_000)}`)).toBe(true);
    expect(process.cpuUsage(started).user).toBeLessThan(500_000);
  });

  it("agrees with the obvious pattern", () => {
    const piece = fc.string({ unit: fc.constantFrom("a", "b", "/"), maxLength: 3 });
    const pattern = fc.tuple(fc.array(piece, { minLength: 1, maxLength: 4 }), fc.boolean());
    fc.assert(
      fc.property(
        pattern,
        fc.string({ unit: fc.constantFrom("a", "b", "/"), maxLength: 8 }),
        ([pieces, toEnd], path) => {
          const rule = `/${pieces.join("*")}${toEnd ? "$" : ""}`;
          const slow = new RegExp(`^/${pieces.join(".*")}${toEnd ? "$" : ""}`);
          // The address parser makes of `//` another host.
          const { pathname } = url(`/${path.replace(/^\/+/, "")}`);
          expect(allows(`User-agent: *\nDisallow: ${rule}`, pathname)).toBe(!slow.test(pathname));
        },
      ),
    );
  });
});
