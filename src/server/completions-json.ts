import type { ChatReply } from "../graph/chat-types.ts";
import { replyJson } from "./chat-json.ts";
import type { CompletionAnswer, CompletionReceipt, CompletionUsage } from "./completions-schema.ts";

/** What the whole of an answer and each piece of it have in common. */
export interface CompletionHead {
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  /** As it was asked for. */
  readonly model: string;
}

/** @param at wall-clock time of the request. */
export function completionHead(turnId: string, at: Date, model: string): CompletionHead {
  return { id: `chatcmpl-${turnId}`, created: Math.floor(at.getTime() / 1_000), model };
}

/** A reply as `POST /v1/chat/completions` gives it whole. */
export function completionJson({ id, created, model }: CompletionHead, reply: ChatReply): CompletionAnswer {
  return {
    id,
    object: "chat.completion",
    created,
    model,
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: reply.reply, refusal: null },
        logprobs: null,
        finish_reason: "stop",
      },
    ],
    usage: usageOf(reply),
    understudy: receiptOf(reply),
  };
}

interface Delta {
  readonly role?: "assistant";
  readonly content?: string;
}

/** One piece of a stream. */
export function chunkJson({ id, created, model }: CompletionHead, delta: Delta, finish: "stop" | null = null) {
  return {
    id,
    object: "chat.completion.chunk",
    created,
    model,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  };
}

/** The last piece, for those who asked for it: tokens, and no choice. */
export function usageJson({ id, created, model }: CompletionHead, reply: ChatReply) {
  return { id, object: "chat.completion.chunk", created, model, choices: [], usage: usageOf(reply) };
}

function usageOf({ usage: { inputTokens, outputTokens } }: ChatReply): CompletionUsage {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
  };
}

/** What the protocol has no field for. */
export function receiptOf(reply: ChatReply): CompletionReceipt {
  const { session_id, turn_id, intents, sources, related, degradation, served_by, escalation, durability, grounding } =
    replyJson(reply);
  return {
    session_id,
    turn_id,
    intents,
    sources,
    related,
    degradation,
    served_by,
    escalation,
    durability,
    ...(grounding && { grounding }),
  };
}
