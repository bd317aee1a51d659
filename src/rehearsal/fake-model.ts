import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type Clock, systemClock } from "../fallbacks/core/clock.ts";
import { control } from "./fake-model-control.ts";
import { type FaultContext, scriptOf } from "./fake-model-faults.ts";
import { play, refuse } from "./fake-model-play.ts";
import type { ModelScript } from "./fake-model-script.ts";
import { type Fields, fieldsOf, keyOf, type ModelQuestion, type Refusal } from "./fake-protocol.ts";
import { pathOf, routeOf } from "./fake-routes.ts";
import { listenOn } from "./listen.ts";

export type { ModelQuestion } from "./fake-protocol.ts";

export interface LoggedRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly headers: Readonly<IncomingMessage["headers"]>;
  /** The parsed JSON; null when there is none. */
  readonly body: Fields | null;
  /** Monotonic milliseconds. */
  readonly at: number;
}

export interface FakeModel {
  /** Ends in /v1: the base URL of OpenAI's protocol. */
  readonly url: string;
  /** Without a path: the base URL of Anthropic's, Google's, Groq's and Ollama's. */
  readonly origin: string;
  /** The latest ones, at most 10 000. */
  readonly requests: readonly LoggedRequest[];
  /** Requests of one path so far, such as "/v1/models". */
  count(path: string): number;
  /** Requests that have neither been answered to the end nor given up. */
  readonly open: number;
  /**
   * Every request meets this fault from now on; undefined ends it. A request can also ask for one by its model: `fault-NAME`,
   * `script-A,B,C` or `flap-MS`.
   * @throws {RangeError} for an unknown name.
   */
  fault(name: string | undefined): void;
  /** Breaks what is open. */
  close(): Promise<void>;
}

export interface FakeModelOptions {
  /** Default 0: a free one. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  readonly clock?: Clock;
  /** Milliseconds before every answer, default 0. */
  readonly latencyMs?: number;
  /** Whether `/__fault` and `/__requests` are served, default false. */
  readonly control?: boolean;
  /** What a good model would say. Undefined: the last message, and where JSON is wanted, `{"echo": the last message}`. */
  readonly answer?: (question: ModelQuestion) => string | undefined;
}

const LONGEST_BODY = 16 * 1_048_576;
const LONGEST_LOG = 10_000;

/**
 * A server that speaks as OpenAI, Anthropic, Google, Groq and Ollama do, without a model: for rehearsals, drills and tests. Takes
 * any key.
 */
export async function startFakeModel(options: FakeModelOptions = {}): Promise<FakeModel> {
  const { port = 0, host = "127.0.0.1", clock = systemClock, answer, latencyMs = 0 } = options;
  const requests: LoggedRequest[] = [];
  const counts = new Map<string, number>();
  const turns = new Map<string, number>();
  const startedAt = clock.now();
  let outage: { readonly name: string; readonly since: number } | undefined;
  let open = 0;

  const server = createServer((request, response) => {
    open += 1;
    response.once("close", () => {
      open -= 1;
    });
    // The server's own clock: its skew is a fault of its own.
    response.setHeader("date", clock.wall().toUTCString());
    serve(request, response).catch((error: unknown) => {
      // A fault that does not exist, a body that is too large, or a request that was broken off.
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { "content-type": "text/plain" }).end(String(error));
    });
  });
  // Whoever leaves in the middle of an answer is what this server is for.
  server.on("clientError", (_, socket) => socket.destroy());

  function meet(name: string | undefined): void {
    if (name !== undefined) scriptOf(name, { key: "", turn: 1, sinceMs: 0 });
    outage = name === undefined ? undefined : { name, since: clock.now() };
    turns.clear();
  }

  function log(request: LoggedRequest): void {
    requests.push(request);
    if (requests.length > LONGEST_LOG) requests.shift();
    counts.set(request.path, (counts.get(request.path) ?? 0) + 1);
  }

  /** The script of the current outage, else of the model's name. Only a completion is a turn. */
  function scriptFor(model: string, key: string, { counted }: { readonly counted: boolean }) {
    const [, ofModel] = /^(?:fault-(?=.)|(?=script-|flap-))(.*)$/.exec(model) ?? [];
    const fault = outage?.name ?? ofModel;
    const turn = (turns.get(fault ?? "") ?? 0) + 1;
    if (counted) turns.set(fault ?? "", turn);
    const context: FaultContext = { key, turn, sinceMs: clock.now() - (outage?.since ?? startedAt) };
    return { script: fault === undefined ? {} : scriptOf(fault, context), turn };
  }

  // Whoever asks is not one of those who wait.
  const controlled = { current: () => outage?.name, counts, open: () => open - 1, fault: meet };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    const { method = "", headers } = request;
    const path = pathOf(request.url);
    if (options.control && control(method, path, body, response, controlled)) return;
    log({ method, path, headers, body, at: clock.now() });
    const { protocol, asked } = routeOf(method, path, headers, body);
    const scene = { response, clock, latencyMs, protocol };
    if (asked === undefined) return refuse(scene, notHere(path));
    if (asked === "list") {
      const { script, turn } = scriptFor("", keyOf(headers), { counted: false });
      return play({ ...scene, script: ofEveryPath(script), turn, reply: { kind: "list" } });
    }
    const { script, turn } = scriptFor(asked.question.model, keyOf(headers), { counted: true });
    const text = answer?.(asked.question) ?? echo(asked.question);
    await play({ ...scene, script, turn, reply: { kind: "completion", asked, text } });
  }

  const { url, close } = await listenOn(server, port, host);
  return {
    url: `${url}/v1`,
    origin: url,
    requests,
    count: (path) => counts.get(path) ?? 0,
    get open() {
      return open;
    },
    fault: meet,
    close,
  };
}

function notHere(path: string): Refusal {
  return { status: 404, kind: "not_found", message: `There is no ${path} here.` };
}

/** Of a fault, what hits a request that asks for no completion. */
function ofEveryPath({ outage, delayMs, refusal, page }: ModelScript): ModelScript {
  return {
    ...(outage && { outage }),
    ...(delayMs !== undefined && { delayMs }),
    ...(page && { page }),
    ...(refusal?.everywhere && { refusal }),
  };
}

function echo({ messages, json }: ModelQuestion): string {
  const last = messages.at(-1)?.content ?? "";
  return json ? JSON.stringify({ echo: last }) : last;
}

async function bodyOf(request: IncomingMessage): Promise<Fields | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).byteLength;
    if (size > LONGEST_BODY) throw new RangeError("the body of a request is too large");
    chunks.push(chunk as Buffer);
  }
  try {
    return fieldsOf(JSON.parse(Buffer.concat(chunks).toString("utf8"))) ?? null;
  } catch {
    // No JSON: logged as null, and refused where a body is needed.
    return null;
  }
}
