import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type Clock, systemClock } from "../fallbacks/core/clock.ts";
import { play } from "./fake-model-play.ts";
import { type ModelScript, type ScriptContext, scriptOf } from "./fake-model-script.ts";
import { listenOn } from "./listen.ts";

/** What the fake model is asked. */
export interface ModelQuestion {
  readonly model: string;
  readonly system: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  /** A JSON object is wanted. */
  readonly json: boolean;
}

export interface LoggedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<IncomingMessage["headers"]>;
  /** The parsed JSON; null when there is none. */
  readonly body: Readonly<Record<string, unknown>> | null;
  /** Monotonic milliseconds. */
  readonly at: number;
}

export interface FakeModel {
  /** Ends in /v1. */
  readonly url: string;
  readonly requests: readonly LoggedRequest[];
  /** Requests of one path so far, such as "/v1/models". */
  count(path: string): number;
  /** Requests that have neither been answered to the end nor given up. */
  readonly open: number;
  /**
   * Every request meets this fault from now on; undefined ends it. A request can also ask for one by its model: `fault-NAME`.
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
  /** What a good model would say. Undefined: the last message, and where JSON is wanted, `{"echo": the last message}`. */
  readonly answer?: (question: ModelQuestion) => string | undefined;
}

const LONGEST_BODY = 16 * 1_048_576;

/** An OpenAI-compatible server without a model: for rehearsals, drills and tests. Takes any key. */
export async function startFakeModel(options: FakeModelOptions = {}): Promise<FakeModel> {
  const { port = 0, host = "127.0.0.1", clock = systemClock, answer } = options;
  const requests: LoggedRequest[] = [];
  const turns = new Map<string, number>();
  let outage: string | undefined;
  let open = 0;

  const server = createServer((request, response) => {
    open += 1;
    response.once("close", () => {
      open -= 1;
    });
    serve(request, response).catch((error: unknown) => {
      // A fault that does not exist, a body that is too large, or a request that was broken off.
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { "content-type": "text/plain" }).end(String(error));
    });
  });
  // Whoever leaves in the middle of an answer is what this server is for.
  server.on("clientError", (_, socket) => socket.destroy());

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    const { method = "", url = "", headers } = request;
    requests.push({ method, path: url, headers, body, at: clock.now() });
    const context: ScriptContext = { wall: () => clock.wall(), authorization: headers.authorization ?? "" };
    if (method === "GET" && url === "/v1/models") {
      const data = [{ id: "fake", object: "model", created: 0, owned_by: "rehearsal" }];
      const script = outage === undefined ? {} : ofEveryPath(scriptOf(outage, context));
      return play({ response, script, clock, turn: 1, reply: { kind: "list", json: { object: "list", data } } });
    }
    if (method !== "POST" || url !== "/v1/chat/completions" || body === null) {
      return play({ response, script: scriptOf("404", context), clock, turn: 1, reply: { kind: "list", json: {} } });
    }
    const question = questionOf(body);
    const fault = outage ?? /^fault-(.*)$/.exec(question.model)?.[1];
    const turn = (turns.get(fault ?? "") ?? 0) + 1;
    turns.set(fault ?? "", turn);
    await play({
      response,
      script: fault === undefined ? {} : scriptOf(fault, context),
      clock,
      turn,
      reply: {
        kind: body["stream"] === true ? "stream" : "whole",
        model: question.model,
        text: answer?.(question) ?? echo(question),
        promptLength: JSON.stringify(body["messages"]).length,
        usage: isIncluded(body["stream_options"]),
        fields: Object.keys(body),
      },
    });
  }

  const { url, close } = await listenOn(server, port, host);
  return {
    url: `${url}/v1`,
    requests,
    count: (path) => requests.filter((request) => request.path === path).length,
    get open() {
      return open;
    },
    fault(name) {
      if (name !== undefined) scriptOf(name, { wall: () => clock.wall(), authorization: "" });
      outage = name;
      turns.clear();
    },
    close,
  };
}

/** Of a fault, what hits a request that asks for no completion. */
function ofEveryPath({ outage, delayMs, refusal }: ModelScript): ModelScript {
  return {
    ...(outage && { outage }),
    ...(delayMs !== undefined && { delayMs }),
    ...(refusal?.everywhere && { refusal }),
  };
}

function echo({ messages, json }: ModelQuestion): string {
  const last = messages.at(-1)?.content ?? "";
  return json ? JSON.stringify({ echo: last }) : last;
}

async function bodyOf(request: IncomingMessage): Promise<Readonly<Record<string, unknown>> | null> {
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

function questionOf(body: Readonly<Record<string, unknown>>): ModelQuestion {
  const all = Array.isArray(body["messages"]) ? body["messages"].map(messageOf) : [];
  const ofSystem = (role: string) => role === "system" || role === "developer";
  return {
    model: String(body["model"]),
    system: all
      .filter(({ role }) => ofSystem(role))
      .map(({ content }) => content)
      .join("\n"),
    messages: all.filter(({ role }) => !ofSystem(role)),
    json: fieldsOf(body["response_format"])?.["type"] === "json_object",
  };
}

function messageOf(value: unknown): { readonly role: string; readonly content: string } {
  const fields = fieldsOf(value);
  return { role: String(fields?.["role"]), content: String(fields?.["content"]) };
}

function isIncluded(streamOptions: unknown): boolean {
  return fieldsOf(streamOptions)?.["include_usage"] === true;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
}
