import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { onTestFinished } from "vitest";
import { loadLanguagePacks } from "../../src/graph/rules/language-pack.ts";
import { type FakeModel, startFakeModel } from "../../src/rehearsal/fake-model.ts";
import { createRehearsedAnswer } from "../../src/rehearsal/fake-model-answers.ts";
import { listenOn } from "../../src/rehearsal/listen.ts";

export const COMPLETIONS = "/v1/chat/completions";

const packs = loadLanguagePacks(new URL("../../resources/languages/", import.meta.url));

/** A model whose replies to users can go wrong while it understands and plans as it should. */
export interface SplitModel {
  /** Ends in /v1. */
  readonly url: string;
  /** What writes the replies: faults go here. */
  readonly writer: FakeModel;
  /** Completions that were asked for so far, of either kind. */
  readonly asked: number;
}

function rehearsedModel(): Promise<FakeModel> {
  return startFakeModel({ answer: createRehearsedAnswer(packs) });
}

/** Stands before two fake models: what wants JSON goes to the one that is always well. Closed at the end of the test. */
export async function startSplitModel(): Promise<SplitModel> {
  const [thinker, writer] = await Promise.all([rehearsedModel(), rehearsedModel()]);
  const server = createServer((request, response) => {
    forward(request, response, { thinker, writer }).catch(() => response.destroy());
  });
  const { url, close } = await listenOn(server, 0);
  onTestFinished(async () => {
    await close();
    await Promise.all([thinker.close(), writer.close()]);
  });
  return {
    url: `${url}/v1`,
    writer,
    get asked() {
      return thinker.count(COMPLETIONS) + writer.count(COMPLETIONS);
    },
  };
}

/** Byte for byte; how the one side ends, the other does. */
async function forward(
  request: IncomingMessage,
  response: ServerResponse,
  { thinker, writer }: { readonly thinker: FakeModel; readonly writer: FakeModel },
): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const body = Buffer.concat(pieces);
  const { origin } = new URL((body.includes('"response_format"') ? thinker : writer).url);
  const { method, url, headers } = request;
  const upstream = httpRequest(new URL(url ?? "/", origin), { method, headers: { ...headers, connection: "close" } });
  const reset = () => response.socket?.resetAndDestroy();
  upstream.on("error", reset);
  upstream.on("response", (answer) => {
    answer.on("error", reset);
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    response.flushHeaders();
    answer.pipe(response);
  });
  response.on("close", () => upstream.destroy());
  upstream.end(body);
}
