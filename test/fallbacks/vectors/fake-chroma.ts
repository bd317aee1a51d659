import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { systemClock } from "../../../src/fallbacks/core/clock.ts";
import { type CallContext, createContext } from "../../../src/fallbacks/core/context.ts";
import type { Vectors } from "../../../src/fallbacks/vectors/port.ts";

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that talks as Chroma does, and has the vectors "x" and "y" in space "s", until it is told otherwise. */
export interface FakeChroma {
  readonly url: string;
  /** What it was asked, as the method and the last part of the path. */
  readonly asked: string[];
  /** By the last part of the path. */
  readonly answers: Record<string, Answer>;
  /** In the place of all of them. */
  everything: Answer | undefined;
  /** The metadata of each collection. */
  metadata: unknown;
  close(): Promise<void>;
}

export const json =
  (body: unknown, status = 200): Answer =>
  (_, response) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));

export const text =
  (body: string, type: string, status = 200): Answer =>
  (_, response) =>
    response.writeHead(status, { "content-type": type }).end(body);

/** An answer that depends on the ids in the question. */
export const toIds =
  (answer: (ids: readonly string[] | undefined) => Answer): Answer =>
  (request, response) => {
    const body: Buffer[] = [];
    request.on("data", (chunk: Buffer) => body.push(chunk));
    request.on("end", () => {
      const { ids } = JSON.parse(Buffer.concat(body).toString()) as { readonly ids?: readonly string[] };
      answer(ids)(request, response);
    });
  };

export function contextOf(signal?: AbortSignal): CallContext {
  return createContext({ clock: systemClock, requestId: "test", deadlineMs: 60_000, ...(signal && { signal }) });
}

export const x = { id: "x", vector: Float32Array.of(1, 0) };

/** Each call that a port has, with arguments that the server serves. */
export const calls: Readonly<Record<string, (port: Vectors) => Promise<unknown>>> = {
  upsert: (port) => port.upsert("s", [x], contextOf()),
  remove: (port) => port.remove("s", ["x"], contextOf()),
  query: (port) => port.query("s", x.vector, 2, contextOf()),
  count: (port) => port.count("s", contextOf()),
  ids: (port) => port.ids("s", { limit: 10 }, contextOf()),
  get: (port) => port.get("s", ["x"], contextOf()),
  probe: async (port) => port.probe?.(contextOf()),
};

const collection = { id: "11111111-1111-1111-1111-111111111111", name: "n", configuration_json: {} };

export async function startFakeChroma(): Promise<FakeChroma> {
  const server = createServer((request, response) => {
    const path = (request.url ?? "").split("/");
    const last = path.at(-1) ?? "";
    fake.asked.push(`${request.method} ${last}`);
    const answer = fake.everything ?? fake.answers[last];
    if (answer) return answer(request, response);
    const found = path.at(-2) === "collections";
    const good = found ? json({ ...collection, metadata: fake.metadata }) : json({ error: "NotFound" }, 404);
    return good(request, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const fake: FakeChroma = {
    url: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
    asked: [],
    answers: {
      "pre-flight-checks": json({ max_batch_size: 5_000, supports_base64_encoding: true }),
      collections_count: json(1),
      count: json(2),
      upsert: json({}),
      delete: json({}),
      query: json({ ids: [["x", "y"]], distances: [[0, 1]], include: ["distances"] }),
      get: toIds((ids = ["x", "y"]) => json({ ids, embeddings: ids.map(() => [0, 1]), include: ["embeddings"] })),
    },
    everything: undefined,
    metadata: { space: "s", dimension: 2 },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return fake;
}
