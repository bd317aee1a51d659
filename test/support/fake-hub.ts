import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join, normalize } from "node:path";

/**
 * What the hub does with a request: serves the file; answers with a status; accepts and stays silent; breaks off in the
 * middle; sends half of the file as if it were whole; sends ten pieces with pauses; sends a web page with status 200; or
 * sends the beginning and then nothing more.
 */
export type HubBehaviour =
  | "serve"
  | 401
  | 404
  | 410
  | 429
  | 500
  | "hang"
  | "break off"
  | "short"
  | { readonly dripMs: number }
  | "page"
  | "stall";

export interface FakeHub {
  readonly url: string;
  /** Paths asked for, in order. */
  readonly requests: readonly string[];
  /** Headers of the latest request. */
  readonly headers: () => IncomingMessage["headers"];
  /** Until the next call of this. */
  behave(behaviour: HubBehaviour | ((path: string) => HubBehaviour)): void;
  close(): Promise<void>;
}

/** Serves a directory that lies as the hub's addresses do, `MODEL/resolve/REVISION/FILE`, on a port of 127.0.0.1. */
export async function startFakeHub(directory: string, port = 0): Promise<FakeHub> {
  const requests: string[] = [];
  let headers: IncomingMessage["headers"] = {};
  let behaviour: (path: string) => HubBehaviour = () => "serve";
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://hub").pathname);
    requests.push(path);
    headers = request.headers;
    void answer(response, join(directory, normalize(path)), behaviour(path)).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    headers: () => headers,
    behave(next) {
      behaviour = typeof next === "function" ? next : () => next;
    },
    close: () => closeServer(server),
  };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function answer(response: ServerResponse, file: string, behaviour: HubBehaviour): Promise<void> {
  if (behaviour === "hang") return;
  if (typeof behaviour === "number") {
    response.writeHead(behaviour).end("no");
    return;
  }
  if (behaviour === "page") {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<!doctype html><p>Please log in.");
    return;
  }
  let content: Buffer;
  try {
    content = await readFile(file);
  } catch {
    response.writeHead(404).end("not found");
    return;
  }
  if (behaviour === "short") content = content.subarray(0, Math.floor(content.length / 2));
  response.writeHead(200, { "content-type": "application/octet-stream", "content-length": content.length });
  if (behaviour === "serve" || behaviour === "short") {
    response.end(content);
    return;
  }
  if (behaviour === "break off" || behaviour === "stall") {
    response.write(content.subarray(0, Math.floor(content.length / 2)), () => {
      if (behaviour === "break off") response.destroy();
    });
    return;
  }
  const piece = Math.ceil(content.length / 10);
  for (let at = 0; at < content.length; at += piece) {
    response.write(content.subarray(at, at + piece));
    await new Promise<void>((resolve) => setTimeout(resolve, behaviour.dripMs));
  }
  response.end();
}
