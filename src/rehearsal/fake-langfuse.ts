import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { type Clock, systemClock } from "../fallbacks/core/clock.ts";
import { listenOn } from "./listen.ts";

/** What the fake does wrong with every request. */
export type LangfuseFault =
  | { readonly kind: "status"; readonly status: number }
  /** Never answers, and takes nothing. */
  | { readonly kind: "hang" }
  | { readonly kind: "slow"; readonly ms: number }
  /** A page of HTML with status 200. */
  | { readonly kind: "html" }
  | { readonly kind: "reset" }
  /** Takes the events, and then cuts the connection. */
  | { readonly kind: "lost_reply" }
  | { readonly kind: "redirect"; readonly to: string }
  /** Every second event of a batch fails with this status. */
  | { readonly kind: "partial"; readonly status: number }
  /** No event is taken, each for the reason of this status. */
  | { readonly kind: "refuse_events"; readonly status: number }
  /** Batches of more than so many events are too large. */
  | { readonly kind: "too_large"; readonly above: number }
  /** Takes the events and answers for none of them. */
  | { readonly kind: "no_receipt" };

export interface FakeLangfuseOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Default `pk-lf-fake`. */
  readonly publicKey?: string;
  /** Default `sk-lf-fake`. */
  readonly secretKey?: string;
  /** Default: the real one. */
  readonly clock?: Clock;
}

const eventSchema = z.object({
  id: z.string().min(1),
  type: z.enum(["trace-create", "span-create", "generation-create"]),
  timestamp: z.iso.datetime(),
  body: z.looseObject({ id: z.string().min(1), traceId: z.string().optional() }),
});

/** An event as it came. */
export type LangfuseEvent = Readonly<z.infer<typeof eventSchema>>;

export interface FakeLangfuse {
  readonly url: string;
  /** Method and path of each request, in order of arrival. */
  readonly requests: readonly string[];
  /** The events that were taken, each id once, in order of arrival. */
  events(): readonly LangfuseEvent[];
  /** How often an event came that had been taken before. */
  readonly repeats: number;
  /** From the next request on; undefined mends it. */
  fault(mode: LangfuseFault | undefined): void;
  close(): Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly body: object;
}

/**
 * The part of Langfuse that tracing uses, in memory, on a loopback port: health, the project of the keys, and ingestion as
 * Langfuse 3 does it, with status 207, a verdict for each event, and each event id taken once. It also lists its traces.
 */
export async function startFakeLangfuse(options: FakeLangfuseOptions = {}): Promise<FakeLangfuse> {
  const { publicKey = "pk-lf-fake", secretKey = "sk-lf-fake", clock = systemClock } = options;
  const authorization = `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString("base64")}`;
  const requests: string[] = [];
  const taken = new Map<string, LangfuseEvent>();
  let repeats = 0;
  let fault: LangfuseFault | undefined;

  function ingest(json: string, mode: LangfuseFault | undefined): Reply {
    const batch = readBatch(json);
    if (!batch) return failure(400);
    if (mode?.kind === "too_large" && batch.length > mode.above) return failure(413);
    const successes: object[] = [];
    const errors: object[] = [];
    for (const [index, event] of batch.entries()) {
      const status = verdict(index, mode);
      if (status !== 201) {
        errors.push({ id: event.id, status, message: "as the fault says" });
        continue;
      }
      if (taken.has(event.id)) repeats += 1;
      else taken.set(event.id, event);
      if (mode?.kind !== "no_receipt") successes.push({ id: event.id, status });
    }
    return { status: 207, body: { successes, errors } };
  }

  async function answer(request: IncomingMessage, name: string, mode: LangfuseFault | undefined): Promise<Reply> {
    const body = await text(request);
    if (mode?.kind === "status") return failure(mode.status);
    if (name === "GET /api/public/health") return { status: 200, body: { status: "OK", version: "3.0.0" } };
    if (request.headers.authorization !== authorization) return failure(401);
    if (name === "GET /api/public/projects") return { status: 200, body: { data: [{ id: "fake", name: "fake" }] } };
    if (name === "GET /api/public/traces") return { status: 200, body: { data: tracesOf(taken.values()) } };
    if (name === "POST /api/public/ingestion") return ingest(body, mode);
    return failure(404);
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = `${request.method} ${new URL(request.url ?? "/", "http://fake").pathname}`;
    requests.push(name);
    const mode = fault;
    if (mode?.kind === "hang") return;
    if (mode?.kind === "reset") return void request.socket.resetAndDestroy();
    if (mode?.kind === "slow") await new Promise<void>((resolve) => void clock.after(mode.ms, resolve));
    const { status, body } = await answer(request, name, mode);
    if (mode?.kind === "lost_reply") return void request.socket.resetAndDestroy();
    if (mode?.kind === "redirect") return void response.writeHead(307, { location: mode.to }).end();
    if (mode?.kind === "html") {
      return void response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><p>Welcome</p>");
    }
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  }

  const server = createServer((request, response) => {
    // A client that leaves in the middle of its request is its own affair.
    handle(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  const { url, close } = await listenOn(server, options.port ?? 0);
  return {
    url,
    requests,
    events: () => [...taken.values()],
    get repeats() {
      return repeats;
    },
    fault(mode) {
      fault = mode;
    },
    close,
  };
}

function readBatch(json: string): readonly LangfuseEvent[] | undefined {
  try {
    return z.object({ batch: z.array(eventSchema) }).parse(JSON.parse(json)).batch;
  } catch {
    // Whatever is wrong with it, the answer is the same.
    return undefined;
  }
}

function verdict(index: number, mode: LangfuseFault | undefined): number {
  if (mode?.kind === "refuse_events") return mode.status;
  return mode?.kind === "partial" && index % 2 === 1 ? mode.status : 201;
}

/** The traces with what was observed in them. */
function tracesOf(events: Iterable<LangfuseEvent>): readonly object[] {
  const all = [...events];
  return all
    .filter(({ type }) => type === "trace-create")
    .map(({ body }) => {
      const observations = all.filter((event) => event.body.traceId === body.id).map((event) => event.body);
      return { ...body, observations };
    });
}

function failure(status: number): Reply {
  return { status, body: { message: "as the fake says", error: "FakeLangfuseError" } };
}
