import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createFrontier, readCrawlState, saveCrawlState, stateAt } from "../../src/ingestion/crawl-state.ts";
import { createUploads } from "../../src/ingestion/uploads.ts";
import { createIds, createTestAccess } from "../contracts/store-access.ts";
import { testContext } from "../support/context.ts";

function rig() {
  const { access, clock } = createTestAccess();
  const report = () => {};
  const uploads = createUploads({ store: access, clock, newId: createIds(), report });
  return { uploads, context: testContext({ clock }) };
}

/** About 2,000 characters that cannot be packed well. */
function long(n: number): string {
  const word = (m: number) => createHash("sha512").update(`${n}/${m}`).digest("base64url");
  return `https://shop.example/${Array.from({ length: 22 }, (_, m) => word(m)).join("")}`;
}

describe("the state of a crawl", () => {
  it("is no larger than a part, whatever addresses links and redirects lead to", async () => {
    const { uploads, context } = rig();
    const frontier = createFrontier(stateAt("https://shop.example/"));
    const isTaken: boolean[] = [];
    for (let n = 0; n < 400; n += 1) {
      if (n < 60) frontier.discover(long(n), 1);
      frontier.skip(long(1_000 + n), "It is not there.");
      frontier.take();
      isTaken.push(frontier.reach(long(2_000 + n), 1));
      if (isTaken[n]) frontier.add(long(2_000 + n));
    }
    expect(isTaken.filter(Boolean)).toHaveLength(70);
    await saveCrawlState("job", frontier.state(), uploads, context);
    const again = createFrontier((await readCrawlState("job", uploads, context)) ?? stateAt(""));
    expect(again.added).toEqual(frontier.added);
    expect(again.skipped).toEqual(frontier.skipped);
    expect(again.left).toBe(frontier.left);
    expect(again.reach(long(2_000), 1)).toBe(false);
  });

  it("tells whether an address is a page or is going to be looked at", () => {
    const frontier = createFrontier(stateAt("https://shop.example/"));
    frontier.take();
    expect(frontier.discover("https://shop.example/", 1)).toBe(false);
    frontier.add("https://shop.example/");
    expect(frontier.discover("https://shop.example/", 1)).toBe(true);
    expect(frontier.discover(long(0), 1)).toBe(true);
    expect(frontier.discover(long(0), 1)).toBe(true);
    frontier.reach(long(0), 1);
    expect(frontier.discover(long(0), 1)).toBe(false);
    for (let n = 1; n < 200; n += 1) frontier.discover(long(n), 1);
    expect(frontier.discover(long(1_000), 1)).toBe(false);
  });

  it("names a page that it has no room for", () => {
    const frontier = createFrontier(stateAt("https://shop.example/"));
    for (let n = 0; n < 200; n += 1) frontier.discover(long(n), 1);
    expect(frontier.reach(long(1_000), 1)).toBe(false);
    expect(frontier.skipped).toEqual([{ url: long(1_000), detail: expect.stringContaining("too many addresses") }]);
    expect(frontier.reach(long(0), 1)).toBe(true);
  });

  it("is not written where it is larger than a part", async () => {
    const { uploads, context } = rig();
    await uploads.replace("job", new Uint8Array(384_000), context);
    await expect(uploads.replace("job", new Uint8Array(384_001), context)).rejects.toMatchObject({
      errorClass: "invalid_request",
    });
    expect(await uploads.read("job", 1, context)).toHaveLength(384_000);
  });
});
