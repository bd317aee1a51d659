import type { z } from "zod";
import type { CallContext } from "../core/context.ts";
import type { Port } from "../core/layer.ts";

/** What a model is asked, as messages; real models render it, the rule-based mock never reads it. */
export interface Prompt {
  readonly system: string;
  readonly messages: readonly { readonly role: "user" | "assistant"; readonly content: string }[];
}

/**
 * A job with a structured result. Real models render `prompt` and are validated by `schema`; the mock calls `byRule`.
 * Nobody parses a prompt.
 */
export interface Task<Input, Output> {
  readonly name: string;
  readonly schema: z.ZodType<Output>;
  prompt(input: Input): Prompt;
  byRule(input: Input): Output;
}

/** A job whose result is text for the user, streamed. */
export interface TextTask<Input> {
  readonly name: string;
  prompt(input: Input): Prompt;
  byRule(input: Input): string;
}

/** Tokens as the provider counts them; 0 for the mock, which has none. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export type ModelChunk =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "usage"; readonly usage: Usage };

/** What a model can do, for whoever chooses among models. */
export interface ModelTraits {
  /** Tokens of prompt and reply together; absent: not known, and taken to be large enough. */
  readonly contextWindow?: number;
  /** It can be held to answer with a JSON object. */
  readonly json: boolean;
  /** It can be given tools to call. */
  readonly tools: boolean;
  /** Milliseconds below which it is not worth asking; absent: none. */
  readonly minimumMs?: number;
}

export interface ChatModel extends Port {
  /** Absent: it serves whatever it is asked, as the mock does. */
  readonly traits?: ModelTraits;
  /** @throws {LayerError} `schema_invalid` when the model's result does not fit, else as the error table says. */
  run<Input, Output>(
    task: Task<Input, Output>,
    input: Input,
    context: CallContext,
  ): Promise<{ readonly value: Output; readonly usage: Usage }>;
  /** Pieces of text in order (at least one), then one `usage`. */
  stream<Input>(task: TextTask<Input>, input: Input, context: CallContext): AsyncIterable<ModelChunk>;
}
