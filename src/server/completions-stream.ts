import type { Response } from "express";
import type { Clock } from "../fallbacks/core/clock.ts";
import type { ChatReply } from "../graph/chat-types.ts";
import { type CompletionHead, chunkJson, receiptOf, usageJson } from "./completions-json.ts";
import { createEventStream } from "./event-stream.ts";
import { openaiError } from "./openai-errors.ts";
import type { ProblemJson } from "./problem-json.ts";
import { headerName } from "./receipt-headers.ts";

/** A completion that is sent as it is written. */
export interface CompletionStream {
  /** The client has been sent the headers: from then on a failure is a piece of the stream. */
  readonly started: boolean;
  /** The client has some of the text, which cannot be taken back. */
  readonly hasText: boolean;
  /** One piece of the text. The first one sends the headers, with who wrote it. */
  text(head: CompletionHead, piece: string, by: string): void;
  /**
   * The end of a whole answer: finish, tokens where they were asked for, `[DONE]`. Returns false, and sends nothing, when what
   * was sent is not how this answer begins.
   */
  finish(head: CompletionHead, reply: ChatReply): boolean;
  /** The end of one that is not whole: an error, and nothing that a client could take for an end of the answer. */
  fail(problem: ProblemJson): void;
  /** Ends it without a word, for a failure that is answered as any other: only before it has started. */
  drop(): void;
}

export interface CompletionStreamOptions {
  readonly clock: Clock;
  /** The client wants a last piece with the tokens. */
  readonly usage: boolean;
}

/**
 * Headers wait for the first text, at most until the first heartbeat: a turn that fails before is answered with its real
 * status, which clients understand better than an error in a stream.
 */
export function createCompletionStream(response: Response, options: CompletionStreamOptions): CompletionStream {
  const stream = createEventStream(response, { clock: options.clock });
  // The protocol has this field in every piece once it was asked for.
  const noUsage = options.usage ? { usage: null } : {};
  let sent = "";

  function text(head: CompletionHead, piece: string, by: string): void {
    if (piece === "") return;
    if (!stream.started) response.setHeader("x-served-by", headerName(by));
    const role = sent === "" ? data({ ...chunkJson(head, { role: "assistant", content: "" }), ...noUsage }) : "";
    sent += piece;
    stream.write(role + data({ ...chunkJson(head, { content: piece }), ...noUsage }));
  }

  return {
    get started() {
      return stream.started;
    },
    get hasText() {
      return sent !== "";
    },
    text,
    finish(head, reply) {
      if (!reply.reply.startsWith(sent)) return false;
      text(head, reply.reply.slice(sent.length), reply.servedBy);
      const last = { ...chunkJson(head, {}, "stop"), ...noUsage, understudy: receiptOf(reply) };
      const usage = options.usage ? data(usageJson(head, reply)) : "";
      stream.end(`${data(last) + usage}data: [DONE]\n\n`);
      return true;
    },
    fail(problem) {
      stream.end(data(openaiError(problem)));
    },
    drop: () => stream.drop(),
  };
}

function data(json: object): string {
  return `data: ${JSON.stringify(json)}\n\n`;
}
