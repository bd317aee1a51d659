import { createServer as createTcpServer, type Socket } from "node:net";
import { describe, expect, it, vi } from "vitest";
import { asLayerError } from "../../../src/fallbacks/core/errors.ts";
import type { Lookup } from "../../../src/retrieval/fetching/resolve.ts";
import { testContext } from "../../support/context.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createSites, fetcherFor, fetchFrom, html, refusalOf, soon } from "./fetching.ts";

const sites = createSites();
const OK = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n";

/** Work that ends when the clock has come to `ms`, and not before. */
async function endsAt(clock: ReturnType<typeof createManualClock>, ms: number, work: Promise<string>): Promise<string> {
  const ended = vi.fn<() => void>();
  void work.then(ended);
  await clock.advance(ms - clock.now() - 1);
  expect(ended).not.toHaveBeenCalled();
  await clock.advance(1);
  const detail = await work;
  expect(clock.pending).toBe(0);
  return detail;
}

/** A site whose sockets the test writes to by itself, once it was asked. */
async function openSite(head = "") {
  const asked = vi.fn<(socket: Socket) => void>();
  const site = await sites.raw(head, asked);
  return { ...site, socket: () => soon(() => asked.mock.calls[0]?.[0] ?? expect.fail("not asked yet")) };
}

describe("a server that takes its time", () => {
  it("fault 71: a look-up that hangs is left after 3 s", async () => {
    const clock = createManualClock();
    const lookup = vi.fn<Lookup>(() => new Promise(() => {}));
    const work = refusalOf(fetchFrom("http://pages.test:1/", { clock, lookup }));
    expect(await endsAt(clock, 3_000, work)).toBe("The address did not answer.");
  });

  it("fault 71: look-ups that hang take two threads and no more; who waits for a place has the same 3 s", async () => {
    const clock = createManualClock();
    const answers: ((addresses: readonly string[]) => void)[] = [];
    const lookup = vi.fn<Lookup>(() => new Promise((resolve) => void answers.push(resolve)));
    const fetcher = fetcherFor(80, { clock, lookup });
    const fetching = (name: string) => refusalOf(fetcher.fetch(`http://${name}.test/`, html, testContext({ clock })));
    const first = [fetching("a"), fetching("b"), fetching("c")];
    await clock.advance(1_000);
    const later = fetching("d");
    await clock.advance(1_999);
    expect(lookup.mock.calls).toEqual([["a.test"], ["b.test"]]);
    await clock.advance(1);
    expect(await Promise.all(first)).toEqual(Array(3).fill("The address did not answer."));
    // The system is still busy with the two; when one of them ends, its place goes past who left to who still waits.
    answers[0]?.([]);
    await soon(() => expect(lookup).toHaveBeenLastCalledWith("d.test"));
    answers[2]?.(["10.0.0.1"]);
    expect(await later).toBe("The address leads to where nothing is read.");
    answers[1]?.([]);
    // All places are free again.
    const last = [fetching("e"), fetching("f")];
    await soon(() => expect(lookup).toHaveBeenCalledTimes(5));
    for (const answer of answers.slice(3)) answer(["10.0.0.1"]);
    await Promise.all(last);
  });

  it("fault 71: a name that was found too late is not connected to", async () => {
    const site = await openSite();
    const clock = createManualClock();
    const found: ((addresses: readonly string[]) => void)[] = [];
    const lookup: Lookup = () => new Promise((resolve) => void found.push(resolve));
    const work = refusalOf(fetchFrom(`http://pages.test:${site.port}/`, { clock, lookup }));
    await endsAt(clock, 3_000, work);
    found[0]?.(["127.0.0.1"]);
    await clock.advance(0);
    expect(sites.met()).toBe(0);
  });

  it("fault 71: a TLS handshake that hangs is left after 2 s", async () => {
    const clock = createManualClock();
    const connected = vi.fn<(socket: Socket) => void>();
    const port = await sites.listen(createTcpServer((socket) => connected(socket.resume())));
    const work = refusalOf(fetchFrom(`https://127.0.0.1:${port}/`, { clock }));
    await soon(() => expect(connected).toHaveBeenCalled());
    expect(await endsAt(clock, 2_000, work)).toBe("The address did not answer.");
    await soon(() => expect(sites.open()).toBe(0));
  });

  it.each(["", "HTTP/1.1 200 OK\r\nContent-Type: text/ht", "HTTP/1.1 100 Continue\r\n\r\n"])(
    "fault 71: silence before the head has ended is left after 5 s: %j",
    async (head) => {
      const clock = createManualClock();
      const site = await openSite(head);
      const work = refusalOf(fetchFrom(site.url, { clock }));
      await site.socket();
      expect(await endsAt(clock, 5_000, work)).toBe("The address was silent for 5000 ms.");
      await soon(() => expect(sites.open()).toBe(0));
    },
  );

  it("fault 71: a head that drips is silence", async () => {
    const clock = createManualClock();
    const site = await openSite("HTTP/1.1 200 OK\r\n");
    const work = refusalOf(fetchFrom(site.url, { clock }));
    const socket = await site.socket();
    for (let second = 1; second < 5; second += 1) {
      socket.write(`X-${second}: 1\r\n`);
      await clock.advance(1_000);
    }
    expect(await endsAt(clock, 5_000, work)).toBe("The address was silent for 5000 ms.");
  });

  it("fault 71: silence in the body is left after 5 s, counted from the last piece", async () => {
    const { clock, heard } = listeningClock();
    const site = await openSite();
    const work = refusalOf(fetchFrom(site.url, { clock }));
    const socket = await site.socket();
    await clock.advance(4_000);
    await heard(() => socket.write(`${OK}first`));
    expect(await endsAt(clock, 9_000, work)).toBe("The address was silent for 5000 ms.");
  });

  it("fault 71: a body that drips is left after 20 s", async () => {
    const { clock, heard } = listeningClock();
    const site = await openSite();
    const work = refusalOf(fetchFrom(site.url, { clock }));
    const socket = await site.socket();
    await heard(() => socket.write(OK));
    while (clock.now() < 19_000) {
      await heard(() => socket.write("x"));
      await clock.advance(1_000);
    }
    expect(await endsAt(clock, 20_000, work)).toBe("The address was not read within 20000 ms.");
    await soon(() => expect(sites.open()).toBe(0));
  });

  it("fault 71: redirects have 20 s together", async () => {
    const { clock, heard } = listeningClock();
    const waiting: (() => void)[] = [];
    const site = await sites.http((_, response) => {
      waiting.push(() => response.writeHead(302, { location: "/" }).end());
    });
    const limits = { redirects: 100 };
    const work = refusalOf(fetchFrom(site.url, { clock, limits }));
    for (let hop = 1; hop <= 5; hop += 1) {
      await soon(() => expect(waiting).toHaveLength(hop));
      if (hop === 5) break;
      await clock.advance(4_900);
      await heard(() => waiting[hop - 1]?.());
    }
    expect(await endsAt(clock, 20_000, work)).toBe("The address was not read within 20000 ms.");
  });

  it("has no longer than whoever asks", async () => {
    const clock = createManualClock();
    const site = await openSite();
    const work = refusalOf(fetchFrom(site.url, { clock, deadlineMs: 1_500 }));
    await site.socket();
    expect(await endsAt(clock, 1_500, work)).toBe("The address was not read within 1500 ms.");
  });
});

describe("a caller who leaves", () => {
  const classOf = async (work: Promise<unknown>) =>
    asLayerError(await work.catch((error: unknown) => error)).errorClass;

  it("is aborted at once, and the connection is closed", async () => {
    const clock = createManualClock();
    for (const head of ["", OK]) {
      const caller = new AbortController();
      const site = await openSite(head);
      const work = classOf(fetchFrom(site.url, { clock, signal: caller.signal }));
      await site.socket();
      caller.abort();
      expect(await work).toBe("aborted");
      await soon(() => expect(sites.open()).toBe(0));
    }
    expect(clock.pending).toBe(0);
  });

  it("before it begins, while a name is looked up, or while TLS is agreed upon, is aborted as well", async () => {
    const gone = AbortSignal.abort();
    const lookup = vi.fn<Lookup>(() => new Promise(() => {}));
    expect(await classOf(fetchFrom("http://pages.test:1/", { signal: gone, lookup }))).toBe("aborted");
    expect(lookup).not.toHaveBeenCalled();
    const caller = new AbortController();
    const looking = classOf(fetchFrom("http://pages.test:1/", { signal: caller.signal, lookup }));
    await soon(() => expect(lookup).toHaveBeenCalled());
    const connected = vi.fn<(socket: Socket) => void>();
    const port = await sites.listen(createTcpServer((socket) => connected(socket.resume())));
    const agreeing = classOf(fetchFrom(`https://127.0.0.1:${port}/`, { signal: caller.signal }));
    await soon(() => expect(connected).toHaveBeenCalled());
    caller.abort();
    expect(await Promise.all([looking, agreeing])).toEqual(["aborted", "aborted"]);
    await soon(() => expect(sites.open()).toBe(0));
  });

  it("is aborted too when the fetcher is closed", async () => {
    const clock = createManualClock();
    const site = await openSite(OK);
    const fetcher = fetcherFor(site.port, { clock });
    const work = classOf(fetcher.fetch(site.url, html, testContext({ clock })));
    await site.socket();
    await fetcher.close();
    expect(await work).toBe("aborted");
    await soon(() => expect(sites.open()).toBe(0));
    await fetcher.close();
    expect(clock.pending).toBe(0);
  });
});

/** A clock that is asked for the time whenever something has arrived: `heard` waits for that. */
function listeningClock() {
  const clock = createManualClock();
  const now = vi.spyOn(clock, "now");
  async function heard(say: () => unknown): Promise<void> {
    const before = now.mock.calls.length;
    say();
    await soon(() => expect(now.mock.calls.length).toBeGreaterThan(before));
  }
  return { clock, heard };
}
