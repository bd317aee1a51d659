import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createContext } from "../../src/fallbacks/core/context.ts";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import type { ChatModel, ModelChunk, Task, TextTask, Usage } from "../../src/fallbacks/llm/port.ts";
import { createManualClock } from "../support/manual-clock.ts";

const task: Task<string, { echo: string }> = {
  name: "echo",
  schema: z.object({ echo: z.string().min(1) }),
  prompt: (input) => ({ system: 'Give JSON {"echo": the message}.', messages: [{ role: "user", content: input }] }),
  byRule: (input) => ({ echo: input }),
};

const textTask: TextTask<string> = {
  name: "say",
  prompt: (input) => ({ system: "Repeat the message.", messages: [{ role: "user", content: input }] }),
  byRule: (input) => input,
};

function contextOf(signal?: AbortSignal) {
  return createContext({
    clock: createManualClock(),
    requestId: "contract",
    deadlineMs: 10_000,
    ...(signal === undefined ? {} : { signal }),
  });
}

async function classOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return error instanceof LayerError ? error.errorClass : `not a LayerError: ${String(error)}`;
  }
  return "no error";
}

async function collect(chunks: AsyncIterable<ModelChunk>): Promise<readonly ModelChunk[]> {
  const all: ModelChunk[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

export interface ModelCase {
  /** A model that answers a message with the message: as text, and as JSON `{"echo": message}`. */
  readonly create: () => ChatModel;
  /** Whether it has tokens to count. */
  readonly counts: boolean;
  /** What an empty reply is: nothing to say for a rule, a failure of a model. */
  readonly emptyReply: "no pieces" | "bad_response";
}

/** What every model port promises. */
export function modelContract(name: string, { create, counts, emptyReply }: ModelCase): void {
  describe(`${name}: model contract`, () => {
    it("has a name for receipts", () => {
      expect(create().name).toMatch(/^[a-z0-9][a-z0-9._/-]*$/);
    });

    it("gives a structured result that fits the schema, with usage", async () => {
      const { value, usage } = await create().run(task, "hello", contextOf());
      expect(value).toEqual({ echo: "hello" });
      expectUsage(usage, counts);
    });

    it("rejects a result that does not fit as schema_invalid", async () => {
      expect(await classOf(create().run(task, "", contextOf()))).toBe("schema_invalid");
    });

    it.each(["hello there, how are you?", "您好，请问有什么可以帮您？", "a 👩‍👩‍👧 and e\u0301, then 🇨🇳."])(
      "streams %j as pieces and then one usage",
      async (text) => {
        const chunks = await collect(create().stream(textTask, text, contextOf()));
        const pieces = chunks.flatMap((chunk) => (chunk.type === "text" ? [chunk.text] : []));
        expect(pieces.join("")).toBe(text);
        expect(pieces.length).toBeGreaterThan(0);
        expect(pieces.every((piece) => piece !== "" && encodeURIComponent(piece) !== "")).toBe(true);
        expect(chunks.map((chunk) => chunk.type).indexOf("usage")).toBe(chunks.length - 1);
        for (const chunk of chunks) if (chunk.type === "usage") expectUsage(chunk.usage, counts);
      },
    );

    it(`gives for an empty reply: ${emptyReply}`, async () => {
      const chunks: ModelChunk[] = [];
      const read = async () => {
        for await (const chunk of create().stream(textTask, "", contextOf())) chunks.push(chunk);
      };
      expect(await classOf(read())).toBe(emptyReply === "no pieces" ? "no error" : emptyReply);
      expect(chunks.filter((chunk) => chunk.type === "text")).toEqual([]);
    });

    it("does no work for a caller who has gone", async () => {
      const gone = contextOf(AbortSignal.abort());
      expect(await classOf(create().run(task, "hello", gone))).toBe("aborted");
      expect(await classOf(collect(create().stream(textTask, "hello", gone)))).toBe("aborted");
    });

    it("stops a stream when the caller goes away", async () => {
      const caller = new AbortController();
      const stream = create().stream(
        textTask,
        "one two three four five six seven eight nine ten",
        contextOf(caller.signal),
      );
      const iterator = stream[Symbol.asyncIterator]();
      await iterator.next();
      caller.abort();
      expect(await classOf(iterator.next())).toBe("aborted");
    });
  });
}

function expectUsage({ inputTokens, outputTokens }: Usage, counts: boolean): void {
  const least = counts ? 1 : 0;
  expect(inputTokens).toBeGreaterThanOrEqual(least);
  expect(outputTokens).toBeGreaterThanOrEqual(least);
}
