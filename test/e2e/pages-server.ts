import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

type Json = Record<string, unknown>;

const folder = new URL("../../resources/pages/", import.meta.url);
const types: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

// As strict as the real one: what it refuses shows up as an error in the browser's console.
const contentPolicy = "default-src 'self';object-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'";

/** One chat request of the page, for the test to answer piece by piece. */
export interface Asked {
  readonly body: Json;
  readonly authorization: string | undefined;
  /** Resolves when the page has hung up. */
  readonly closed: Promise<void>;
  event(name: string, data: Json): void;
  raw(piece: string | Buffer): void;
  end(): void;
  /** Ends the connection in the middle. */
  cut(): void;
  problem(status: number, body: Json): void;
}

/** The API as the pages see it, with every answer given by the test. */
export interface PagesServer {
  readonly url: string;
  /** The next chat request that was not taken yet. */
  asked(): Promise<Asked>;
  /** GET answers by path: a body, or a status with a problem body. */
  readonly get: Map<string, { readonly status?: number; readonly body: unknown }>;
  stop(): Promise<void>;
  /** Listens again on the same port. */
  start(): Promise<void>;
}

export async function createPagesServer(): Promise<PagesServer> {
  const get: PagesServer["get"] = new Map();
  const waiting: ((asked: Asked) => void)[] = [];
  const arrived: Asked[] = [];
  let port = 0;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "/";
    response.setHeader("content-security-policy", contentPolicy);
    if (path === "/api/v1/chat/stream") {
      const asked = await chatRequest(request, response);
      const taker = waiting.shift();
      if (taker) taker(asked);
      else arrived.push(asked);
      return;
    }
    const answer = get.get(path);
    if (answer) json(response, answer.status ?? 200, answer.body);
    else file(path, response);
  }

  let server = listener();
  function listener() {
    return createServer((request, response) => {
      handle(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }
  const start = () =>
    new Promise<void>((resolve) => {
      server = listener();
      server.listen(port, "127.0.0.1", () => {
        port = (server.address() as AddressInfo).port;
        resolve();
      });
    });
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });

  await start();
  return {
    url: `http://127.0.0.1:${port}`,
    get,
    start,
    stop,
    asked() {
      const first = arrived.shift();
      return first ? Promise.resolve(first) : new Promise((resolve) => waiting.push(resolve));
    },
  };
}

async function chatRequest(request: IncomingMessage, response: ServerResponse): Promise<Asked> {
  let text = "";
  for await (const piece of request.setEncoding("utf8")) text += piece;
  const closed = new Promise<void>((resolve) => response.on("close", resolve));
  const raw = (piece: string | Buffer) => {
    if (!response.headersSent) response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(piece);
  };
  let id = 0;
  return {
    body: JSON.parse(text) as Json,
    authorization: request.headers.authorization,
    closed,
    raw,
    event(name, data) {
      id += 1;
      raw(`id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
    },
    end: () => void response.end(),
    cut: () => void response.destroy(),
    problem: (status, body) => json(response, status, body),
  };
}

function json(response: ServerResponse, status: number, body: unknown): void {
  const type = status < 400 || status === 503 ? "application/json" : "application/problem+json";
  response.writeHead(status, { "content-type": type }).end(JSON.stringify(body));
}

function file(path: string, response: ServerResponse): void {
  const name = path === "/" ? "chat.html" : path === "/status" ? "status.html" : path.replace(/^\/assets\//, "");
  const type = types[name.split(".").at(-1) ?? ""];
  if (!type || name.includes("/")) {
    json(response, 404, { code: "not_found", title: "There is nothing here" });
    return;
  }
  response.writeHead(200, { "content-type": type }).end(readFileSync(new URL(name, folder)));
}
