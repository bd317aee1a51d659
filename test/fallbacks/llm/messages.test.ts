import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LayerError } from "../../../src/fallbacks/core/errors.ts";
import { type AnswerForm, wholeMessages } from "../../../src/fallbacks/llm/messages.ts";
import { errorOf } from "./model-tasks.ts";

async function* inChunks(text: string, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  let from = 0;
  for (const size of sizes) {
    yield bytes.subarray(from, from + size);
    from += size;
  }
  yield bytes.subarray(from);
}

async function read(form: AnswerForm, chunks: AsyncIterable<Uint8Array>) {
  const messages: unknown[] = [];
  const passed: string[] = [];
  const pieces = wholeMessages(chunks, { form, name: "primary", onMessage: (message) => messages.push(message) });
  for await (const piece of pieces) passed.push(piece);
  return { messages, passed };
}

const values = fc.array(
  fc.oneof(fc.string({ unit: "grapheme" }), fc.integer(), fc.dictionary(fc.string(), fc.string())),
  {
    maxLength: 8,
  },
);
const sizes = fc.array(fc.integer({ min: 0, max: 7 }), { maxLength: 60 });

describe("the messages of an answer", () => {
  it.each(["\n", "\r\n", "\r"])(
    "fault 21: are whole wherever events were cut, with %j for an end of line",
    async (end) => {
      await fc.assert(
        fc.asyncProperty(values, sizes, async (values, sizes) => {
          const text = values
            .map((value) => `event: delta\n: a comment\ndata: ${JSON.stringify(value)}\n\n`)
            .concat(": still there\n\n", "data: [DONE]\n\n")
            .join("")
            .replaceAll("\n", end);
          const { messages, passed } = await read("events", inChunks(text, sizes));
          expect(messages).toEqual(values);
          expect(passed.join("")).toBe(text);
          // Each piece holds one message, whole.
          expect(passed).toHaveLength(values.length + 2);
        }),
      );
    },
  );

  it("fault 21: are whole wherever lines were cut, the last one without an end", async () => {
    await fc.assert(
      fc.asyncProperty(values, sizes, async (values, sizes) => {
        const text = values.map((value) => JSON.stringify(value)).join("\n\n");
        const { messages, passed } = await read("lines", inChunks(text, sizes));
        expect(messages).toEqual(values);
        expect(passed.join("")).toBe(text);
      }),
    );
  });

  it("are one where the answer is one value", async () => {
    expect(await read("json", inChunks('{\n\n"a": 1}\n', [3, 4]))).toEqual({
      messages: [{ a: 1 }],
      passed: ['{\n\n"a": 1}\n'],
    });
  });

  it("may have their JSON on several lines, or no event around it", async () => {
    expect((await read("events", inChunks('data: {"a":\ndata: 1}\n\ndata:{"b":2}', []))).messages).toEqual([
      { a: 1 },
      { b: 2 },
    ]);
    expect((await read("events", inChunks('{"error":"x"}', []))).messages).toEqual([{ error: "x" }]);
  });

  it("fault 18: are passed on up to the first one that is no JSON, also out of one packet", async () => {
    const passed: string[] = [];
    const reading = async () => {
      const chunks = inChunks('data: 1\n\ndata: 2\n\ndata: {"a\n\ndata: 3\n\n', []);
      for await (const piece of wholeMessages(chunks, { form: "events", name: "primary", onMessage: () => {} })) {
        passed.push(piece);
      }
    };
    expect((await errorOf(reading())).errorClass).toBe("bad_response");
    expect(passed).toEqual(["data: 1\n\n", "data: 2\n\n"]);
  });

  it("end with what the listener throws", async () => {
    const refuse = () => {
      throw new LayerError("content_filtered", "no");
    };
    const pieces = wholeMessages(inChunks("data: 1\n\n", []), { form: "events", name: "primary", onMessage: refuse });
    expect((await errorOf(pieces.next())).errorClass).toBe("content_filtered");
  });

  it.each<[AnswerForm, string, number]>([
    ["events", `data: ${"1".repeat(100)}\n\n`, 84_000],
    ["lines", `${"1".repeat(100)}\n`, 84_000],
    ["json", "", 1],
  ])("fault 21, 22: have a limit together, and each of its own: %s", async (form, message, count) => {
    async function* endless() {
      for (let turn = 0; turn < count; turn += 1_000) yield Buffer.from(message.repeat(1_000));
      for (;;) yield Buffer.alloc(65_536, "x");
    }
    const error = await errorOf(read(form, endless()));
    expect(error.errorClass).toBe("bad_response");
    expect(error.message).toContain("longer");
  });
});
