import type { ServerResponse } from "node:http";
import type { Clock } from "../fallbacks/core/clock.ts";
import type { ModelScript, Refusal } from "./fake-model-script.ts";

/** The right answer to a request, before a script spoils it. */
export type RightReply =
  | { readonly kind: "list"; readonly json: object }
  | {
      readonly kind: "whole" | "stream";
      readonly model: string;
      readonly text: string;
      /** Characters of the prompt, from which tokens are guessed. */
      readonly promptLength: number;
      /** Tokens are asked for at the end of a stream. */
      readonly usage: boolean;
      /** Names of the fields of the request. */
      readonly fields: readonly string[];
    };

export interface Scene {
  readonly response: ServerResponse;
  readonly script: ModelScript;
  readonly clock: Clock;
  /** How often this script has been played, this time included. */
  readonly turn: number;
  readonly reply: RightReply;
}

type Completion = Exclude<RightReply, { readonly kind: "list" }>;

/** Code points to a piece: few enough that every reply has several. */
const PIECE = 6;
const CHARACTERS_PER_TOKEN = 4;

/** Answers one request as the script says. Settles when there is nothing more to send, or nobody to send it to. */
export async function play(scene: Scene): Promise<void> {
  const { response, script, reply } = scene;
  if (script.outage === "silence") return;
  if (script.outage === "reset") return breakOff(response);
  if (script.delayMs !== undefined && !(await pause(scene, script.delayMs))) return;
  const refusal = script.refusal ?? unknownField(scene);
  if (refusal) {
    response.writeHead(refusal.status, refusal.headers).end(refusal.body);
    return;
  }
  if (reply.kind === "list") return sendJson(response, JSON.stringify(reply.json));
  const text = script.text?.(reply.text, scene.turn) ?? reply.text;
  return reply.kind === "stream" ? playStream(scene, reply, text) : playWhole(scene, reply, text);
}

function unknownField({ script, reply }: Scene): Refusal | undefined {
  const { unknownField: field } = script;
  if (field === undefined || reply.kind === "list" || !reply.fields.includes(field)) return undefined;
  const error = { message: `Unrecognized request argument supplied: ${field}`, type: "invalid_request_error" };
  return { status: 400, headers: { "content-type": "application/json" }, body: JSON.stringify({ error }) };
}

function playWhole({ response, script }: Scene, reply: Completion, text: string): void {
  if (script.breakWith === "silence") return;
  const { finish = "stop", usage = true } = script;
  const body = JSON.stringify({
    id: "chatcmpl-fake",
    object: "chat.completion",
    created: 0,
    model: reply.model,
    choices: [{ index: 0, message: { role: "assistant", content: text }, finish_reason: finish }],
    ...(usage && { usage: usageOf(reply, text) }),
  });
  if (script.breakWith === undefined) return sendJson(response, body);
  if (script.breakWith === "error") return sendJson(response, JSON.stringify(IN_STREAM_ERROR));
  const half = body.slice(0, body.length / 2);
  if (script.breakWith !== "reset") return sendJson(response, half);
  response.writeHead(200, { "content-type": "application/json" });
  response.write(half, () => breakOff(response));
}

const IN_STREAM_ERROR = { error: { message: "The fake model has failed.", type: "server_error", code: null } };

function sendJson(response: ServerResponse, body: string): void {
  response.writeHead(200, { "content-type": "application/json" }).end(body);
}

async function playStream(scene: Scene, reply: Completion, text: string): Promise<void> {
  const { response, script } = scene;
  const { finish = "stop", done = true, usage = true } = script;
  const chunk = (choices: readonly object[], more: object = {}) =>
    JSON.stringify({
      id: "chatcmpl-fake",
      object: "chat.completion.chunk",
      created: 0,
      model: reply.model,
      choices,
      ...more,
    });
  const delta = (fields: object, reason: string | null = null) =>
    chunk([{ index: 0, delta: fields, finish_reason: reason }]);

  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  response.flushHeaders();
  if (script.line !== undefined) await write(scene, `${script.line}\n\n`);
  await write(scene, event(delta({ role: "assistant", content: "" })));
  let sent = 0;
  for (const piece of piecesOf(text, script)) {
    if (response.destroyed || sent === script.breakAfter) break;
    if (script.dripMs !== undefined && !(await pause(scene, script.dripMs))) return;
    await write(
      scene,
      event(script.wire === "escapes" ? escaped(delta({ content: piece })) : delta({ content: piece })),
    );
    sent += 1;
  }
  if (script.breakWith) return breakStream(scene);
  if (finish !== null) await write(scene, event(delta({}, finish)));
  if (usage && reply.usage) await write(scene, event(chunk([], { usage: usageOf(reply, text) })));
  if (done) await write(scene, event("[DONE]"));
  response.end();
}

async function breakStream(scene: Scene): Promise<void> {
  const { response, script } = scene;
  switch (script.breakWith) {
    case "reset":
      return breakOff(response);
    case "error":
      await write(scene, event(JSON.stringify(IN_STREAM_ERROR)));
      break;
    case "malformed":
      await write(scene, event('{"choices":[{"index":0,"del'));
      break;
    case "silence":
      return;
    case "end":
    case undefined:
  }
  response.end();
}

function* piecesOf(text: string, { endless = false, wire }: ModelScript): Generator<string> {
  const points = wire === "escapes" ? text.split("") : Array.from(text);
  const size = wire === "escapes" ? 1 : PIECE;
  for (;;) {
    for (let from = 0; from < points.length; from += size) yield points.slice(from, from + size).join("");
    if (!endless || text === "") return;
  }
}

function event(data: string): string {
  return `data: ${data}\n\n`;
}

/** JSON in ASCII alone, as some endpoints write it. */
function escaped(json: string): string {
  return json.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Settles when the reader has taken it, or has gone. */
async function write({ response, script }: Scene, text: string): Promise<void> {
  if (script.wire !== "bytes") return send(response, Buffer.from(text));
  const bytes = Buffer.from(text.replaceAll("\n", "\r\n"));
  for (const byte of bytes) await send(response, Buffer.from([byte]));
}

function send(response: ServerResponse, bytes: Buffer): Promise<void> {
  if (response.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    response.once("close", resolve);
    response.write(bytes, () => {
      response.off("close", resolve);
      resolve();
    });
  });
}

/** Whether somebody still waits afterwards. */
function pause({ response, clock }: Scene, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const gone = () => {
      cancel();
      resolve(false);
    };
    const cancel = clock.after(ms, () => {
      response.off("close", gone);
      resolve(true);
    });
    response.once("close", gone);
  });
}

function breakOff(response: ServerResponse): void {
  response.socket?.resetAndDestroy();
}

function usageOf(reply: Completion, text: string): object {
  const prompt_tokens = Math.ceil(reply.promptLength / CHARACTERS_PER_TOKEN);
  const completion_tokens = Math.ceil(text.length / CHARACTERS_PER_TOKEN);
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}
