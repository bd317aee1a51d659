import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { listenOn } from "../../src/rehearsal/listen.ts";

/** A request and what the truthful server answered to it; a lie returns what goes out instead. */
export interface Exchange {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** The body of the request, parsed; null when it has none. */
  readonly asked: unknown;
  readonly status: number;
  /** Of the answer, parsed; null when it has none or is no JSON. */
  readonly body: unknown;
}
export type Lie = (exchange: Exchange) => { readonly status?: number; readonly body?: unknown } | undefined;

/** Stands before a server and alters its answers; requests for which `swallow` is true never reach it and get a 204. */
export interface LyingServer {
  readonly url: string;
  /** Breaks what is open, as the death of a server does. */
  close(): Promise<void>;
}

export async function startLyingServer(
  target: string,
  lie: Lie,
  swallow: (method: string, path: string) => boolean = () => false,
): Promise<LyingServer> {
  const server = createServer((incoming, outgoing) => {
    void answer(incoming, outgoing).catch(() => void outgoing.destroy());
  });

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { pathname: path, search } = new URL(incoming.url ?? "/", target);
    const method = incoming.method ?? "GET";
    const sent = await textOf(incoming);
    if (swallow(method, path)) return void outgoing.writeHead(204).end();
    const { status, type, text } = await forward(`${target}${path}${search}`, method, sent, outgoing);
    const told = lie({ method, path, asked: parsed(sent), status, body: parsed(text) });
    const body = told?.body === undefined ? text : JSON.stringify(told.body);
    outgoing.writeHead(told?.status ?? status, { "content-type": type }).end(body);
  }

  return listenOn(server, 0);
}

function forward(url: string, method: string, sent: string, client: ServerResponse) {
  return new Promise<{ status: number; type: string; text: string }>((resolve, reject) => {
    const headers = { ...(sent !== "" && { "content-type": "application/json" }) };
    const outgoing = request(url, { method, headers, agent: false }, (answer) => {
      textOf(answer).then(
        (text) => resolve({ status: answer.statusCode ?? 0, type: answer.headers["content-type"] ?? "", text }),
        reject,
      );
    });
    client.once("close", () => outgoing.destroy());
    outgoing.once("error", reject);
    outgoing.end(sent);
  });
}

async function textOf(stream: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString("utf8");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
