import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { afterEach, vi } from "vitest";
import type { Clock } from "../../../src/fallbacks/core/clock.ts";
import { Problem } from "../../../src/problems.ts";
import { createFetcher, type FetcherOptions } from "../../../src/retrieval/fetching/create-fetcher.ts";
import type { Fetched } from "../../../src/retrieval/fetching/fetcher.ts";
import type { Lookup } from "../../../src/retrieval/fetching/resolve.ts";
import { testContext } from "../../support/context.ts";
import { createManualClock } from "../../support/manual-clock.ts";

export const html: ReadonlySet<string> = new Set(["text/html", "text/plain"]);

export interface Site {
  readonly port: number;
  readonly url: string;
  /** What it was asked, in order. */
  readonly asked: IncomingMessage[];
}

/** Servers of one test file, on free ports of this machine; they close after the test that started them. */
export function createSites() {
  const started: Server[] = [];
  const sockets = new Set<Socket>();
  let met = 0;
  afterEach(async () => {
    met = 0;
    for (const socket of sockets) socket.destroy();
    for (const server of started.splice(0)) await new Promise((resolve) => server.close(resolve));
  });

  /** Starts to listen, and returns the port. */
  async function listen(server: Server, { host = "127.0.0.1", port = 0 } = {}): Promise<number> {
    server.on("connection", (socket) => {
      met += 1;
      sockets.add(socket.on("error", () => {}));
      socket.once("close", () => sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, host, resolve));
    started.push(server);
    return (server.address() as AddressInfo).port;
  }

  return {
    listen,
    /** Connections that are open now. */
    open: () => sockets.size,
    /** Connections that there have been in this test. */
    met: () => met,
    async http(answer: RequestListener, at: { readonly host?: string; readonly port?: number } = {}): Promise<Site> {
      const asked: IncomingMessage[] = [];
      const server = createServer((request, response) => {
        asked.push(request);
        answer(request, response);
      });
      const port = await listen(server, at);
      return { port, asked, url: `http://${at.host ?? "127.0.0.1"}:${port}` };
    },
    /** Says this to whoever connects and asks; `goOn` may say more. */
    async raw(head: string | Uint8Array, goOn: (socket: Socket) => void = () => {}): Promise<Site> {
      const server = createTcpServer((socket) => {
        socket.once("data", () => {
          socket.write(head);
          goOn(socket);
        });
      });
      const port = await listen(server);
      return { port, asked: [], url: `http://127.0.0.1:${port}` };
    },
  };
}

/** Looks names up in a list. */
export function names(list: Readonly<Record<string, readonly string[]>>): Lookup {
  return async (name) => {
    const found = list[name];
    if (!found) throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: "ENOTFOUND" });
    return found;
  };
}

/** A fetcher whose time stands still, so that nothing ends by a limit; it may read 127.0.0.1 at this port. */
export function fetcherFor(port: number, options: Partial<FetcherOptions> = {}) {
  return createFetcher({ clock: createManualClock(), allowPrivate: ["127.0.0.1"], ports: [port], ...options });
}

export interface Visit extends Partial<FetcherOptions> {
  readonly signal?: AbortSignal;
  readonly deadlineMs?: number;
}

export async function fetchFrom(url: string, { signal, deadlineMs, ...options }: Visit = {}): Promise<Fetched> {
  const clock: Clock = options.clock ?? createManualClock();
  const fetcher = fetcherFor(Number(new URL(url).port), { ...options, clock });
  const context = testContext({ clock, deadlineMs: deadlineMs ?? 60_000, ...(signal && { signal }) });
  return fetcher.fetch(url, html, context);
}

/** The detail of the refusal that this work must end in. */
export async function refusalOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Problem && error.code === "url_refused" && error.field === "url") return error.message;
    throw error;
  }
  throw new Error("it was not refused");
}

export function text({ bytes }: Fetched): string {
  return new TextDecoder().decode(bytes);
}

/** Waits until that is so: as long as a loaded machine may need. */
export function soon<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 10_000, interval: 5 });
}
