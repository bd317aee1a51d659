import { describe, expect, it } from "vitest";
import type { Json } from "../../src/fallbacks/store/port.ts";
import type { ChatReply } from "../../src/graph/chat-types.ts";
import { fromStoredReply, toStoredReply } from "../../src/graph/stored-reply.ts";
import { storedReplyJson } from "../../src/server/chat-json.ts";

const reply: ChatReply = {
  sessionId: "ses_1",
  turnId: "turn_1",
  reply: "I do not know.",
  intents: ["knowledge_qa"],
  sources: [],
  related: [
    { documentId: "d", title: "Delivery", heading: "Large items", chunkId: "d.1", start: 4, end: 40, score: 0.25 },
    {
      documentId: "e",
      title: "Fees",
      heading: "",
      chunkId: "e.0",
      start: 0,
      end: 9,
      score: 0.2,
      url: "https://a.example/",
    },
  ],
  degradation: [{ layer: "llm", mode: "lower", by: "mock", reason: "open", since: new Date(0) }],
  servedBy: "mock",
  escalation: null,
  usage: { inputTokens: 1, outputTokens: 2 },
  durability: "disk",
};

/** As a store gives it back. */
const stored = JSON.parse(JSON.stringify(toStoredReply(reply))) as { readonly [key: string]: Json };

describe("a reply that is stored with its turn", () => {
  it("is the same when it is read again", () => {
    expect(fromStoredReply(stored)).toEqual(reply);
    expect(storedReplyJson(stored)?.related).toEqual([
      { document_id: "d", title: "Delivery", heading: "Large items", chunk_id: "d.1", start: 4, end: 40, score: 0.25 },
      {
        document_id: "e",
        title: "Fees",
        heading: "",
        chunk_id: "e.0",
        start: 0,
        end: 9,
        score: 0.2,
        url: "https://a.example/",
      },
    ]);
  });

  it("names no places to look at where it was stored before there were any", () => {
    const { related: _, ...older } = stored;
    expect(fromStoredReply(older)).toEqual({ ...reply, related: [] });
    expect(storedReplyJson(older)).toEqual({ ...storedReplyJson(stored), related: [] });
  });
});
