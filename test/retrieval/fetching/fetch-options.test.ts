import { describe, expect, it } from "vitest";
import type { Accepted, FetchOptions } from "../../../src/retrieval/fetching/fetcher.ts";
import { isUnwell, statusOf } from "../../../src/retrieval/fetching/refusal.ts";
import { testContext } from "../../support/context.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createSites, fetcherFor, html, refusalOf, soon, text } from "./fetching.ts";

const sites = createSites();

function fetchFrom(url: string, accept: Accepted = html, options?: FetchOptions) {
  return fetcherFor(Number(new URL(url).port)).fetch(url, accept, testContext(), options);
}

const thrown = (work: Promise<unknown>) => work.catch((error: unknown) => error);

describe("what a fetch may be told and tells", () => {
  it("asks before each address, those of redirects too, and does not go where it is told not to", async () => {
    const site = await sites.http((request, response) => {
      if (request.url === "/a") response.writeHead(302, { location: "/b#x" }).end();
      else response.writeHead(200, { "content-type": "text/html" }).end("b");
    });
    const seen: string[] = [];
    const refuse = ({ pathname }: URL) => {
      seen.push(pathname);
      return pathname === "/b" ? "is not for us" : undefined;
    };
    expect(await refusalOf(fetchFrom(`${site.url}/a`, html, { refuse }))).toBe("The address is not for us.");
    expect(await refusalOf(fetchFrom(`${site.url}/b`, html, { refuse }))).toBe("The address is not for us.");
    expect(seen).toEqual(["/a", "/b", "/b"]);
    expect(site.asked.map(({ url }) => url)).toEqual(["/a"]);
  });

  it("takes any type, and none, where that does not matter", async () => {
    const site = await sites.http((request, response) => {
      response.writeHead(200, request.url === "/png" ? { "content-type": "image/png" } : {}).end("x");
    });
    expect(await fetchFrom(`${site.url}/png`, "any")).toMatchObject({ mediaType: "image/png" });
    const none = await fetchFrom(`${site.url}/none`, "any");
    expect([none.mediaType, text(none)]).toEqual(["application/octet-stream", "x"]);
    expect(site.asked[0]?.headers.accept).toBe("*/*");
  });

  it("hands on what the server says to programs, header by header", async () => {
    const site = await sites.http((_, response) => {
      response.writeHead(200, [
        "content-type",
        "text/html",
        "X-Robots-Tag",
        "a: noindex, nofollow",
        "x-robots-tag",
        "none",
      ]);
      response.end();
    });
    expect((await fetchFrom(site.url)).robotsTags).toEqual(["a: noindex, nofollow", "none"]);
  });

  it.each([
    [404, false],
    [429, true],
    [500, true],
    [503, true],
  ])("tells the status %i, and whether the site had better be left alone: %s", async (status, unwell) => {
    const site = await sites.http((_, response) => response.writeHead(status).end());
    const error = await thrown(fetchFrom(site.url));
    expect([statusOf(error), isUnwell(error)]).toEqual([status, unwell]);
  });

  it("knows a site that does not answer, or not in time, from a page that is not read", async () => {
    const gone = await sites.raw("", (socket) => socket.end());
    expect(isUnwell(await thrown(fetchFrom(gone.url)))).toBe(true);
    const other = await sites.http((_, response) => response.writeHead(200, { "content-type": "image/png" }).end());
    const error = await thrown(fetchFrom(other.url));
    expect([isUnwell(error), statusOf(error)]).toEqual([false, undefined]);
    const silent = await sites.http(() => {});
    const clock = createManualClock();
    const waiting = thrown(fetcherFor(silent.port, { clock }).fetch(silent.url, html, testContext({ clock })));
    await soon(() => expect(silent.asked).toHaveLength(1));
    await clock.advance(5_000);
    expect(isUnwell(await waiting)).toBe(true);
    expect(isUnwell(new Error("anything else"))).toBe(false);
  });
});
