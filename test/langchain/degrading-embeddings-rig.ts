import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { Embeddings } from "@langchain/core/embeddings";
import { onTestFinished } from "vitest";
import type { LayerEvent } from "../../src/fallbacks/core/events.ts";
import { DegradingEmbeddings } from "../../src/langchain/degrading-embeddings.ts";
import type { DegradingEmbeddingsOptions, SpaceChange } from "../../src/langchain/degrading-embeddings-options.ts";
import { createManualClock } from "../support/manual-clock.ts";

/** Embeddings of LangChain that do as they are told: a direction for each text, from the place of its first letter. */
export class ScriptedEmbeddings extends Embeddings {
  model: string;
  /** `hang`, an error to be thrown, or what becomes of the right vectors. */
  script: "up" | "hang" | Error | ((vectors: number[][]) => unknown) = "up";
  /** Texts of each request, in order. */
  readonly requests: string[][] = [];
  private readonly width: number;

  constructor(model: string, width = 4) {
    super({});
    this.model = model;
    this.width = width;
  }

  override async embedDocuments(documents: string[]): Promise<number[][]> {
    this.requests.push(documents);
    const { script } = this;
    if (script === "hang") return new Promise(() => {});
    if (script instanceof Error) throw script;
    const vectors = documents.map((text) => vectorOf(text, this.width));
    return script === "up" ? vectors : (script(vectors) as number[][]);
  }

  override async embedQuery(document: string): Promise<number[]> {
    const [vector] = await this.embedDocuments([document]);
    return vector as number[];
  }
}

function vectorOf(text: string, width: number): number[] {
  const vector = Array.from({ length: width }, () => 0.1);
  vector[(text.codePointAt(0) ?? 0) % width] = 1;
  return vector;
}

/** Embeddings before a clock that the test moves, so that no limit is reached by itself. */
export function createRig(options: DegradingEmbeddingsOptions) {
  const clock = createManualClock();
  const events: LayerEvent[] = [];
  const changes: SpaceChange[] = [];
  const embeddings = new DegradingEmbeddings({
    clock,
    // The longest of each jittered time.
    random: () => 1 - Number.EPSILON,
    onEvent: (event) => void events.push(event),
    onSpaceChange: (change) => void changes.push(change),
    ...options,
  });
  onTestFinished(() => embeddings.close());
  return { clock, events, changes, embeddings };
}

/** A refusal as SDKs throw it. */
export function refusal(status: number, headers: Readonly<Record<string, string>> = {}): Error {
  return Object.assign(new Error(`status ${status}`), { status, headers });
}

/** An endpoint that answers as OpenAI's does, with vectors of two numbers; the status is that of all answers. */
export async function startEndpoint(status = 200): Promise<{ readonly url: string; readonly requests: () => number }> {
  let requests = 0;
  const server: Server = createServer((request: IncomingMessage, response) => {
    requests += 1;
    void json(request).then((body) => {
      const { input } = body as { readonly input: string | readonly string[] };
      const data = [input].flat().map((_, index) => ({ object: "embedding", index, embedding: [0.6, 0.8] }));
      const text = JSON.stringify(status === 200 ? { object: "list", data, model: "m" } : { error: { message: "no" } });
      response.writeHead(status, { "content-type": "application/json" }).end(text);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, requests: () => requests };
}
