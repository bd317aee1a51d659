import { describe, expect, it } from "vitest";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import type { Chat, ChatReply, ChatRequest } from "../../src/graph/chat-types.ts";
import { Problem } from "../../src/problems.ts";
import { createMeteredChat } from "../../src/server/metered-chat.ts";
import { createTokenBudget } from "../../src/server/token-budget.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { chatReply, postJson, startServer } from "./test-server.ts";

const DAY_MS = 86_400_000;

const refusal = (run: () => void): unknown => {
  try {
    run();
    return undefined;
  } catch (error) {
    return error;
  }
};

describe("token budget", () => {
  it("refuses a key whose tokens are used up until midnight UTC, and no other key", async () => {
    const clock = createManualClock();
    const budget = createTokenBudget({ clock, limit: 100 });
    budget.spend("a", 99);
    budget.check("a");
    budget.spend("a", 1);
    budget.check("b");
    expect(refusal(() => budget.check("a"))).toMatchObject({ code: "token_budget_exhausted", retryAfterS: 14 * 3_600 });
    await clock.advance(14 * 3_600_000 - 1);
    expect(refusal(() => budget.check("a"))).toMatchObject({ retryAfterS: 0.001 });
    await clock.advance(1);
    budget.check("a");
  });

  it("counts a turn that ends after midnight to the new day", async () => {
    const clock = createManualClock();
    const budget = createTokenBudget({ clock, limit: 100 });
    budget.spend("a", 60);
    await clock.advance(DAY_MS);
    budget.spend("a", 60);
    budget.check("a");
    budget.spend("a", 40);
    expect(refusal(() => budget.check("a"))).toBeInstanceOf(Problem);
  });

  it("without a limit refuses nobody", () => {
    const budget = createTokenBudget({ clock: createManualClock(), limit: null });
    budget.spend("a", 1e9);
    budget.check("a");
  });
});

function metered(run: (request: ChatRequest) => Promise<ChatReply>, limit: number | null = 100) {
  const clock = createManualClock();
  const turns: object[] = [];
  const chat: Chat = createMeteredChat(
    { run },
    { clock, budget: createTokenBudget({ clock, limit }), onTurn: (turn) => turns.push(turn) },
  );
  const ask = (change: Partial<ChatRequest> = {}) =>
    chat.run({
      requestId: "r",
      owner: { keyId: "k", user: "guest" },
      message: "hello",
      signal: new AbortController().signal,
      tier: null,
      ...change,
    });
  return { clock, chat, turns, ask };
}

/** A chat whose turns take so many tokens, and end in a reply unless they do not. */
const costing =
  (tokens: number, end: (request: ChatRequest) => ChatReply = (request) => chatReply(request)) =>
  async (request: ChatRequest) => {
    try {
      return end(request);
    } finally {
      request.spent?.(tokens);
    }
  };

describe("a metered chat", () => {
  it("does not start a turn of a key that has used up its tokens", async () => {
    let turns = 0;
    const { ask } = metered(
      costing(60, (request) => {
        turns += 1;
        return chatReply(request);
      }),
    );
    await ask();
    await ask();
    await expect(ask()).rejects.toMatchObject({ code: "token_budget_exhausted" });
    expect(turns).toBe(2);
    await ask({ owner: { keyId: "other", user: "guest" } });
    expect(turns).toBe(3);
  });

  it("a turn that fails, or whose client leaves, costs what it took until then", async () => {
    const { ask } = metered(
      costing(60, () => {
        throw new LayerError("aborted", "gone");
      }),
    );
    for (let turn = 0; turn < 2; turn += 1) await expect(ask()).rejects.toMatchObject({ errorClass: "aborted" });
    await expect(ask()).rejects.toMatchObject({ code: "token_budget_exhausted" });
  });

  it("counts each turn with how it ended and how long it took", async () => {
    const since = new Date(0);
    const departure = { layer: "llm", mode: "lower", by: "mock", reason: "open", since } as const;
    const endings: ((request: ChatRequest) => Promise<ChatReply>)[] = [
      async (request) => chatReply(request),
      async (request) => chatReply(request, { degradation: [departure] }),
      () => Promise.reject(new Problem("turn_conflict", "")),
      () => Promise.reject(new Problem("model_unavailable", "")),
      () => Promise.reject(new Error("a defect")),
    ];
    const rig = metered(async (request) => {
      await rig.clock.advance(1_500);
      return (endings.shift() ?? (() => Promise.reject(new LayerError("aborted", "gone"))))(request);
    });
    for (let turn = 0; turn < 5; turn += 1) await rig.ask().catch(() => {});
    const gone = new AbortController();
    gone.abort();
    await rig.ask({ signal: gone.signal }).catch(() => {});
    const outcomes = ["answered", "degraded", "refused", "failed", "failed", "aborted"];
    expect(rig.turns).toEqual(outcomes.map((outcome) => ({ outcome, seconds: 1.5 })));
  });

  it("over HTTP the refusal is a 429 with Retry-After, before a stream begins too", async () => {
    const { chat } = metered(costing(100));
    const { url } = await startServer({ chat });
    expect((await postJson(`${url}/api/v1/chat`, { message: "hello" })).status).toBe(200);
    for (const path of ["/api/v1/chat", "/api/v1/chat/stream"]) {
      const response = await postJson(url + path, { message: "hello" });
      expect(response.status).toBe(429);
      expect(response.headers.get("retry-after")).toBe(String(14 * 3_600));
      expect(await response.json()).toMatchObject({ code: "token_budget_exhausted" });
    }
  });
});
