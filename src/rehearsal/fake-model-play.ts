import type { ServerResponse } from "node:http";
import type { Clock } from "../fallbacks/core/clock.ts";
import { completionOf } from "./fake-model-completion.ts";
import type { ModelScript } from "./fake-model-script.ts";
import { breakOff, pause, sendJson, write } from "./fake-model-wire.ts";
import type { Asked, Completion, Protocol, Refusal } from "./fake-protocol.ts";

/** The right answer to a request, before a script spoils it. */
export type RightReply =
  | { readonly kind: "list" }
  | { readonly kind: "completion"; readonly asked: Asked; readonly text: string };

export interface Scene {
  readonly response: ServerResponse;
  readonly protocol: Protocol;
  readonly script: ModelScript;
  readonly clock: Clock;
  /** Milliseconds before every answer, besides those of the script. */
  readonly latencyMs: number;
  /** How often this script has been played, this time included. */
  readonly turn: number;
  readonly reply: RightReply;
}

/** UTF-16 units to a piece: few enough that every reply has several. */
const PIECE = 6;
const HUGE_LINE = 2 * 1_048_576;
const HEARTBEAT_MS = 1_000;

/** Answers one request as the script says. Settles when there is nothing more to send, or nobody to send it to. */
export async function play(scene: Scene): Promise<void> {
  const { response, script, protocol, reply } = scene;
  if (script.outage === "silence") return;
  if (script.outage === "reset") return breakOff(response);
  const delayMs = scene.latencyMs + (script.delayMs ?? 0);
  if (delayMs > 0 && !(await pause(scene, delayMs))) return;
  if (script.page) {
    response.writeHead(script.page.status, script.page.headers).end(script.page.body);
    return;
  }
  const refusal = script.refusal ?? unknownField(scene);
  if (refusal) return refuse(scene, refusal);
  if (reply.kind === "list") return sendJson(response, 200, protocol.list());
  const completion = completionOf(reply.asked, script.text?.(reply.text, scene.turn) ?? reply.text, script);
  return reply.asked.stream ? playStream(scene, completion) : playWhole(scene, completion);
}

/** Refuses in the words of the protocol. */
export function refuse(
  { response, protocol, clock }: Pick<Scene, "response" | "protocol" | "clock">,
  refusal: Refusal,
): void {
  const { status, headers, body } = protocol.refuse(refusal, clock.wall());
  sendJson(response, status, body, headers);
}

function unknownField({ script, reply }: Scene): Refusal | undefined {
  const { unknownField: field } = script;
  if (field === undefined || reply.kind === "list" || !reply.asked.fields.includes(field)) return undefined;
  return { status: 400, kind: "invalid", message: `Unrecognized request argument supplied: ${field}` };
}

async function playWhole(scene: Scene, completion: Completion): Promise<void> {
  const { response, script, protocol } = scene;
  const body = JSON.stringify(protocol.whole(completion));
  const half = body.slice(0, body.length / 2);
  switch (script.breakWith) {
    case undefined:
      return sendJson(response, 200, body);
    case "silence":
      return;
    case "heartbeats":
      response.writeHead(200, { "content-type": "application/json" });
      return beat(scene, " ");
    case "error":
      return sendJson(response, 200, protocol.refuse(broken, scene.clock.wall()).body);
    case "end":
    case "malformed":
      return sendJson(response, 200, half);
    case "reset":
      response.writeHead(200, { "content-type": "application/json" });
      response.write(half, () => breakOff(response));
  }
}

const broken: Refusal = { status: 500, kind: "server", message: "The fake model has failed." };

async function playStream(scene: Scene, completion: Completion): Promise<void> {
  const { response, script, protocol } = scene;
  response.writeHead(200, { "content-type": protocol.streamType, "cache-control": "no-cache" });
  response.flushHeaders();
  if (script.line === "heartbeat") await write(scene, protocol.heartbeat);
  if (script.line === "huge") await write(scene, protocol.longLine(HUGE_LINE));
  let sent = 0;
  for (const { part, wire } of protocol.frames(completion, piecesOf(completion.text, script))) {
    if (response.destroyed) return;
    if (part === "content") {
      if (sent === script.breakAfter) break;
      if (script.dripMs !== undefined && !(await pause(scene, script.dripMs))) return;
      sent += 1;
    }
    if (part === "closing" && script.breakWith !== undefined) break;
    await write(scene, wire);
  }
  if (script.breakWith !== undefined) return breakStream(scene);
  response.end();
}

async function breakStream(scene: Scene): Promise<void> {
  const { response, script, protocol } = scene;
  switch (script.breakWith) {
    case "reset":
      return breakOff(response);
    case "silence":
      return;
    case "heartbeats":
      return beat(scene, protocol.heartbeat);
    case "error":
      await write(scene, protocol.error);
      break;
    case "malformed":
      await write(scene, protocol.malformed);
      break;
    case "end":
    case undefined:
  }
  response.end();
}

/** Gives signs of life until the reader has had enough. */
async function beat(scene: Scene, sign: string): Promise<void> {
  do await write(scene, sign);
  while (await pause(scene, HEARTBEAT_MS));
}

function* piecesOf(text: string, { endless = false, wire }: ModelScript): Generator<string> {
  const points = wire === "escapes" ? text.split("") : Array.from(text);
  const size = wire === "escapes" ? 1 : PIECE;
  for (;;) {
    for (let from = 0; from < points.length; from += size) yield points.slice(from, from + size).join("");
    if (!endless || text === "") return;
  }
}
