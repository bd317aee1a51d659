import { createServer as createTcpServer } from "node:net";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createFetcher } from "../../../src/retrieval/fetching/create-fetcher.ts";
import type { Lookup } from "../../../src/retrieval/fetching/resolve.ts";
import { testContext } from "../../support/context.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createSites, fetchFrom, html, names, refusalOf, text } from "./fetching.ts";

const sites = createSites();

afterEach(() => vi.unstubAllEnvs());

const page = (body: string | Uint8Array, headers: Record<string, string> = {}) =>
  sites.http((_, response) => response.writeHead(200, { "content-type": "text/html", ...headers }).end(body));

describe("a page that is read", () => {
  it("comes with its type, its charset and where it came from at last", async () => {
    const site = await page("<p>Grüße</p>", { "content-type": 'Text/HTML; a=b; Charset="ISO-8859-1"' });
    const fetched = await fetchFrom(`${site.url}/a b?q=ü#part`);
    expect({ ...fetched, bytes: text(fetched) }).toEqual({
      url: `${site.url}/a%20b?q=%C3%BC`,
      mediaType: "text/html",
      charset: "ISO-8859-1",
      bytes: "<p>Grüße</p>",
    });
    // Of its own, so that it may be moved to a thread.
    expect(fetched.bytes.buffer.byteLength).toBe(fetched.bytes.length);
    expect(await fetchFrom((await page("")).url)).toMatchObject({ mediaType: "text/html", bytes: new Uint8Array() });
  });

  it("is asked for without a word on who asks, whatever came before, and over a connection that is closed then", async () => {
    for (const name of ["HTTP_PROXY", "http_proxy", "ALL_PROXY"]) vi.stubEnv(name, "http://127.0.0.1:9");
    vi.stubEnv("NODE_USE_ENV_PROXY", "1");
    const site = await sites.http((request, response) => {
      const head = { "content-type": "text/html", "set-cookie": "session=1", location: "/second", refresh: "1" };
      response.writeHead(request.url === "/first" ? 302 : 200, head).end("text");
    });
    const lookup = names({ "pages.test": ["127.0.0.1"] });
    await fetchFrom(`http://pages.test:${site.port}/first`, { lookup });
    const sent = {
      host: `pages.test:${site.port}`,
      "user-agent": "understudy",
      accept: "text/html, text/plain",
      "accept-encoding": "gzip, deflate, br",
      connection: "close",
    };
    expect(site.asked.map(({ url, headers }) => ({ url, headers }))).toEqual([
      { url: "/first", headers: sent },
      { url: "/second", headers: sent },
    ]);
    await vi.waitFor(() => expect(sites.open()).toBe(0));
  });

  it.each([
    { encoding: "gzip", compress: gzipSync },
    { encoding: "X-GZIP", compress: gzipSync },
    { encoding: "br", compress: brotliCompressSync },
    { encoding: "deflate", compress: deflateSync },
    { encoding: "deflate", compress: deflateRawSync },
    { encoding: "identity", compress: (body: Buffer) => body },
  ])("is decompressed: $encoding, $compress.name", async ({ encoding, compress }) => {
    for (const body of ["Returns are free. ".repeat(10_000), "short", ""]) {
      const site = await page(compress(Buffer.from(body)), { "content-encoding": encoding });
      const fetched = await fetchFrom(site.url);
      expect(text(fetched)).toBe(body);
      expect(fetched.bytes.buffer.byteLength).toBe(fetched.bytes.length);
    }
  });

  it("may be nothing, although it is said to be compressed", async () => {
    const site = await page("", { "content-encoding": "gzip" });
    expect((await fetchFrom(site.url)).bytes).toHaveLength(0);
  });

  it("comes from the next address when one does not answer, and from an address of IPv6", async () => {
    const site = await page("here");
    const lookup = names({ "pages.test": ["127.0.0.2", "127.0.0.1"] });
    const url = `http://pages.test:${site.port}/`;
    expect(text(await fetchFrom(url, { lookup, allowPrivate: ["127.0.0.0/8"] }))).toBe("here");
    expect(text(await fetchFrom(url, { lookup, allowPrivate: ["pages.test"] }))).toBe("here");
  });

  it("comes from a host with a port that the operator has named", async () => {
    const site = await page("here");
    const fetcher = (allowPrivate: readonly string[]) => createFetcher({ clock: createManualClock(), allowPrivate });
    const read = fetcher([`127.0.0.1:${site.port}`]).fetch(site.url, html, testContext());
    expect(text(await read)).toBe("here");
    const refused = await refusalOf(fetcher(["127.0.0.1"]).fetch(site.url, html, testContext()));
    expect(refused).toBe(`The address names the port ${site.port}; allowed are 80, 443, 8080, 8443.`);
    expect(site.asked).toHaveLength(1);
  });

  it("comes from 127.0.0.1 and ::1 only where that is allowed", async ({ skip }) => {
    const site = await sites
      .http((_, response) => response.writeHead(200, { "content-type": "text/html" }).end("six"), { host: "::1" })
      .catch(() => undefined);
    if (!site) return skip("this machine has no IPv6");
    const url = `http://[::1]:${site.port}/`;
    expect(await refusalOf(fetchFrom(url))).toBe("The address leads to where nothing is read.");
    expect(site.asked).toHaveLength(0);
    expect(text(await fetchFrom(url, { allowPrivate: ["::1"] }))).toBe("six");
    expect(site.asked[0]?.headers.host).toBe(`[::1]:${site.port}`);
    return undefined;
  });
});

describe("an address that is refused before anything is looked up", () => {
  it.each([
    ["", "must be a URL such as https://example.com/help.html"],
    ["help.html", "must be a URL such as https://example.com/help.html"],
    ["http://", "must be a URL such as https://example.com/help.html"],
    ["http://[::1", "must be a URL such as https://example.com/help.html"],
    ["http://999.1.1.1/", "must be a URL such as https://example.com/help.html"],
    ["file:///etc/passwd", 'must begin with http:// or https://, but begins with "file:"'],
    ["ftp://pages.test/", 'must begin with http:// or https://, but begins with "ftp:"'],
    ["data:text/html,x", 'must begin with http:// or https://, but begins with "data:"'],
    ["javascript:alert(1)", 'must begin with http:// or https://, but begins with "javascript:"'],
    ["gopher://pages.test:70/", 'must begin with http:// or https://, but begins with "gopher:"'],
    ["ws://pages.test/", 'must begin with http:// or https://, but begins with "ws:"'],
    [`${"x".repeat(99)}:a`, 'must begin with http:// or https://, but begins with "xxxxxxxxxxxxxxxxxxxx"'],
    ["http://user@pages.test/", "must not hold a user name or a password"],
    ["http://user:Very0Secret@pages.test/", "must not hold a user name or a password"],
    ["http://:Very0Secret@pages.test/", "must not hold a user name or a password"],
    ["http://127.0.0.1:80@pages.test/", "must not hold a user name or a password"],
    ["http://pages.test:22/", "names the port 22; allowed are 80, 443, 8080, 8443"],
    ["https://pages.test:6379/", "names the port 6379; allowed are 80, 443, 8080, 8443"],
    ["http://pages.test:0/", "names the port 0; allowed are 80, 443, 8080, 8443"],
    [`http://pages.test/${"x".repeat(4_096)}`, "must have at most 4096 characters, but has 4114"],
  ])("fault 71: %j", async (url, reason) => {
    const lookup = vi.fn<Lookup>();
    const fetcher = createFetcher({ clock: createManualClock(), lookup });
    const detail = await refusalOf(fetcher.fetch(url, html, testContext()));
    expect(detail).toBe(`The address ${reason}.`);
    expect(lookup).not.toHaveBeenCalled();
  });

  it("an entry of what is allowed that is none is an error at the start", () => {
    expect(() => createFetcher({ clock: createManualClock(), allowPrivate: ["http://wiki"] })).toThrow('"http://wiki"');
  });
});

describe("a name", () => {
  it("fault 71: is looked up once, and the connection goes where that look-up said", async () => {
    const good = await page("good");
    const bad = await sites.http((_, response) => response.end(), { host: "127.0.0.2", port: good.port });
    const answers = [["127.0.0.1"], ["127.0.0.2"]];
    const lookup = vi.fn<Lookup>(async () => answers.shift() ?? []);
    expect(text(await fetchFrom(`http://pages.test:${good.port}/`, { lookup }))).toBe("good");
    expect(lookup.mock.calls).toEqual([["pages.test"]]);
    expect([good.asked.length, bad.asked.length]).toEqual([1, 0]);
  });

  it("fault 71: of this machine leads to it by the look-up of the system", async () => {
    const site = await page("inner");
    for (const host of ["localhost", "LOCALHOST."]) {
      const url = `http://${host}:${site.port}/`;
      expect(await refusalOf(fetchFrom(url, { allowPrivate: [] }))).toBe("The address leads to where nothing is read.");
    }
    expect(site.asked).toHaveLength(0);
    const read = fetchFrom(`http://localhost:${site.port}/`, { allowPrivate: ["localhost"] });
    expect(text(await read)).toBe("inner");
  });

  it("fault 71: that leads elsewhere when a redirect names it again is refused there", async () => {
    const good = await sites.http((_, response) => response.writeHead(307, { location: "/again" }).end());
    const bad = await sites.http((_, response) => response.end(), { host: "127.0.0.2", port: good.port });
    const answers = [["127.0.0.1"], ["127.0.0.2"]];
    const lookup = vi.fn<Lookup>(async () => answers.shift() ?? []);
    const detail = await refusalOf(fetchFrom(`http://pages.test:${good.port}/`, { lookup }));
    expect(detail).toBe("The address leads to where nothing is read.");
    expect([good.asked.length, bad.asked.length]).toEqual([1, 0]);
  });

  it("fault 71: tells nothing of where it leads: no address, closed port, no such name and no answer are one", async () => {
    const gone = await page("");
    const dropping = await sites.listen(createTcpServer((socket) => socket.destroy()));
    const lookup = names({ "pages.test": ["127.0.0.1"], "closed.test": ["127.0.0.3"], "empty.test": [] });
    const options = { lookup, allowPrivate: ["127.0.0.0/8"] };
    const urls = ["empty.test", "none.test", "closed.test", "."].map((host) => `http://${host}:${gone.port}/`);
    for (const url of [...urls, `https://pages.test:${gone.port}/`, `http://127.0.0.1:${dropping}/`]) {
      const detail = await refusalOf(fetchFrom(url, options));
      expect(detail).toBe("The address did not answer.");
    }
  });
});

describe("a redirect", () => {
  it.each([301, 302, 303, 307, 308])("is followed: %i", async (status) => {
    const site = await sites.http((request, response) => {
      if (request.url === "/end") response.writeHead(200, { "content-type": "text/plain" }).end("end");
      else response.writeHead(status, { location: "end#part" }).end("never read");
    });
    const fetched = await fetchFrom(`${site.url}/start#here`);
    expect([fetched.url, text(fetched)]).toEqual([`${site.url}/end`, "end"]);
  });

  it("fault 71: is followed three times and no more", async () => {
    const site = await sites.http((request, response) => {
      const left = Number(request.url?.slice(1));
      if (left === 0) response.writeHead(200, { "content-type": "text/html" }).end("end");
      else response.writeHead(302, { location: `/${left - 1}` }).end();
    });
    expect(text(await fetchFrom(`${site.url}/3`))).toBe("end");
    expect(await refusalOf(fetchFrom(`${site.url}/4`))).toBe("The address redirects more than 3 times.");
    expect(site.asked).toHaveLength(4 + 4);
  });

  it("fault 71: to itself has an end", async () => {
    const site = await sites.http((request, response) => {
      response.writeHead(302, { location: request.url ?? "/" }).end();
    });
    expect(await refusalOf(fetchFrom(site.url))).toBe("The address redirects more than 3 times.");
    expect(site.asked).toHaveLength(4);
  });

  it.each([
    ["http://169.254.169.254/latest/meta-data/", "names the port 80; allowed are "],
    ["http://10.0.0.1:{port}/", "leads to where nothing is read"],
    ["http://[::ffff:7f00:2]:{port}/", "leads to where nothing is read"],
    ["//0x7f.2:{port}/", "leads to where nothing is read"],
    ["http://inner.test:{port}/", "leads to where nothing is read"],
    ["http://127.0.0.1:25/", "names the port 25; allowed are "],
    ["http://user:Very0Secret@127.0.0.1:{port}/", "must not hold a user name or a password"],
    ["file:///etc/passwd", 'must begin with http:// or https://, but begins with "file:"'],
    ["http://", "must be a URL such as https://example.com/help.html"],
    [`/${"x".repeat(5_000)}`, "must have at most 4096 characters, but has 5001"],
  ])("fault 71: is checked as the first address was: %s", async (location, reason) => {
    const site = await sites.http((request, response) => {
      const to = location.replace("{port}", String(request.socket.localPort));
      response.writeHead(302, { location: to }).end();
    });
    const inner = await sites.http((_, response) => response.end(), { host: "127.0.0.2", port: site.port });
    const lookup = names({ "inner.test": ["127.0.0.2"] });
    const ending = reason.endsWith(" ") ? `${site.port}` : "";
    expect(await refusalOf(fetchFrom(site.url, { lookup }))).toBe(`The address ${reason}${ending}.`);
    expect([site.asked.length, inner.asked.length]).toEqual([1, 0]);
  });

  it("without a place to go is an answer that is no page", async () => {
    const site = await sites.http((_, response) => response.writeHead(302).end());
    expect(await refusalOf(fetchFrom(site.url))).toBe("The address answers with the status 302.");
  });
});
