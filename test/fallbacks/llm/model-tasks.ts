import { vi } from "vitest";
import { z } from "zod";
import type { CallContext } from "../../../src/fallbacks/core/context.ts";
import { LayerError } from "../../../src/fallbacks/core/errors.ts";
import type { ChatModel, Task, TextTask } from "../../../src/fallbacks/llm/port.ts";
import { testContext } from "../../support/context.ts";

/** A task whose right answer is `{"echo": input}`. */
export const echoTask: Task<string, { echo: string }> = {
  name: "echo",
  schema: z.object({ echo: z.string() }),
  prompt: (input) => ({ system: "Repeat the message.", messages: [{ role: "user", content: input }] }),
  byRule: (input) => ({ echo: input }),
};

export const sayTask: TextTask<string> = {
  name: "say",
  prompt: (input) => ({ system: "Repeat the message.", messages: [{ role: "user", content: input }] }),
  byRule: (input) => input,
};

export interface Said {
  readonly text: string;
  readonly pieces: readonly string[];
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number } | undefined;
  /** What ended the stream before its end. */
  readonly error: LayerError | undefined;
}

/** Reads a stream to its end, or to its error. */
export async function say(model: ChatModel, input: string, context: CallContext = testContext()): Promise<Said> {
  const pieces: string[] = [];
  let usage: Said["usage"];
  try {
    for await (const chunk of model.stream(sayTask, input, context)) {
      if (chunk.type === "usage") usage = chunk.usage;
      else pieces.push(chunk.text);
    }
  } catch (error) {
    return { text: pieces.join(""), pieces, usage, error: asExpected(error) };
  }
  return { text: pieces.join(""), pieces, usage, error: undefined };
}

/** The error of work that must fail. */
export async function errorOf(work: Promise<unknown>): Promise<LayerError> {
  try {
    await work;
  } catch (error) {
    return asExpected(error);
  }
  throw new Error("it did not fail");
}

/** Waits until that is so: as long as a loaded machine may need. */
export function soon<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 10_000 });
}

function asExpected(error: unknown): LayerError {
  if (error instanceof LayerError) return error;
  throw new Error("a port throws LayerErrors only", { cause: error });
}
