import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createContext } from "../../../src/fallbacks/core/context.ts";
import { createMockModel } from "../../../src/fallbacks/llm/mock.ts";
import type { TextTask } from "../../../src/fallbacks/llm/port.ts";
import { modelContract } from "../../contracts/llm.ts";
import { createManualClock } from "../../support/manual-clock.ts";

modelContract("mock", { create: createMockModel, counts: false, emptyReply: "no pieces" });

const say: TextTask<string> = { name: "say", prompt: () => ({ system: "", messages: [] }), byRule: (text) => text };

async function piecesOf(text: string): Promise<readonly string[]> {
  const context = createContext({ clock: createManualClock(), requestId: "test", deadlineMs: 1_000 });
  const pieces: string[] = [];
  for await (const chunk of createMockModel().stream(say, text, context)) {
    if (chunk.type === "text") pieces.push(chunk.text);
  }
  return pieces;
}

describe("the mock model's stream", () => {
  it("is the text exactly, without a grapheme cut in two", async () => {
    const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme", minLength: 1, maxLength: 200 }), async (text) => {
        const pieces = await piecesOf(text);
        expect(pieces.join("")).toBe(text);
        const starts = new Set([...segmenter.segment(text)].map(({ index }) => index));
        let at = 0;
        for (const piece of pieces) {
          expect(starts.has(at)).toBe(true);
          at += piece.length;
        }
      }),
    );
  });

  it("does not cut between a sign and what it belongs to, where words alone would", async () => {
    const pieces = await piecesOf("one two three four\u0600 five six");
    expect(pieces).not.toContain("one two three four\u0600");
    expect(pieces.length).toBeGreaterThan(1);
  });

  it("comes in several pieces in both languages", async () => {
    expect((await piecesOf("You can return unopened goods within thirty days of delivery.")).length).toBeGreaterThan(2);
    expect((await piecesOf("未拆封的商品自签收之日起三十天内可以申请退货并全额退款。")).length).toBeGreaterThan(2);
  });

  it("is empty for an empty text, so that the caller sees that nothing was said", async () => {
    expect(await piecesOf("")).toEqual([]);
  });
});
