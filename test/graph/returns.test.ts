import { afterEach, describe, expect, it } from "vitest";
import type { App, Overrides } from "../../src/app.ts";
import { createMockBusiness } from "../../src/fallbacks/business/mock.ts";
import type { Business } from "../../src/fallbacks/business/port.ts";
import { systemClock } from "../../src/fallbacks/core/clock.ts";
import { createModel } from "../../src/fallbacks/llm/create-model.ts";
import { createMockModel } from "../../src/fallbacks/llm/mock.ts";
import type { ChatModel } from "../../src/fallbacks/llm/port.ts";
import type { ChatReply } from "../../src/graph/chat-types.ts";
import { startFakeBusiness } from "../../src/rehearsal/fake-business.ts";
import { startFakeModel } from "../../src/rehearsal/fake-model.ts";
import { createRehearsedAnswer } from "../../src/rehearsal/fake-model-answers.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { testApp } from "../support/test-app.ts";
import { packs } from "./nodes/bench.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(overrides: Overrides = {}, environment: Readonly<Record<string, string>> = {}) {
  const app = await testApp(overrides, environment);
  closers.push(() => app.close());
  return app;
}

/** One session with the app; each message gives the whole reply. */
function talk(app: App, user = "guest") {
  let sessionId: string | undefined;
  return async (message: string): Promise<ChatReply> => {
    const reply = await app.chat.run({
      requestId: "r",
      owner: { keyId: "k", user },
      message,
      signal: new AbortController().signal,
      ...(sessionId !== undefined && { sessionId }),
    });
    ({ sessionId } = reply);
    return reply;
  };
}

async function say(app: App, ...messages: readonly string[]): Promise<readonly string[]> {
  const turn = talk(app);
  const replies: string[] = [];
  for (const message of messages) replies.push((await turn(message)).reply);
  return replies;
}

/** The business system of the app with its clock, and how many changes it was asked for. */
function counting() {
  const clock = createManualClock();
  const mock = createMockBusiness(clock);
  const writes: string[] = [];
  const business: Business = {
    ...mock,
    name: "counting",
    createReturn: (...args) => {
      writes.push(`create ${args[1].orderId} ${args[1].reason}`);
      return mock.createReturn(...args);
    },
    cancelReturn: (...args) => {
      writes.push(`cancel ${args[1]}`);
      return mock.cancelReturn(...args);
    },
  };
  return { clock, writes, overrides: { clock, firsts: { business: [business] } } satisfies Overrides };
}

describe("a return in the conversation", () => {
  it("is shown, and requested after a yes, in English", async () => {
    const { overrides, writes } = counting();
    const app = await start(overrides);
    const [shown, done, again] = await say(
      app,
      "I want to return order LK20260129, it is broken",
      "yes",
      "What is the status of my return RT300001?",
    );
    expect(shown).toBe(
      "Please confirm the return of order LK20260129 (Milk frother). Reason: faulty or damaged.\n" +
        'I send it only after your yes: answer "yes" to send it, or "no" to leave it. (Sample data)',
    );
    expect(done).toBe(
      "The return has been requested. Return RT300001 for order LK20260129: requested, waiting for your parcel. (Sample data)",
    );
    expect(again).toContain("RT300001 for order LK20260129: requested");
    expect(writes).toEqual(["create LK20260129 quality"]);
  });

  it("is shown, and requested after a yes, in Chinese", async () => {
    const { overrides, writes } = counting();
    const [shown, done] = await say(await start(overrides), "我要退货，订单LK20260129，不想要了", "是的");
    expect(shown).toBe(
      "请确认：为订单 LK20260129（Milk frother）申请退货，原因：不想要了。\n" +
        "您确认后才会提交：回复“是”就提交，回复“不”就不提交。（示例数据）",
    );
    expect(done).toBe("退货申请已提交。退货单 RT300001（订单 LK20260129）：已申请，等待您寄回。（示例数据）");
    expect(writes).toEqual(["create LK20260129 changed_mind"]);
  });

  it("asks for the order and the reason where they are missing", async () => {
    const { overrides, writes } = counting();
    const replies = await say(
      await start(overrides),
      "I want to return something",
      "LK20260129",
      "wrong colour",
      "yes",
    );
    expect(replies[0]).toBe(packs.en.changes.askOrder);
    expect(replies[1]).toContain("Why do you want to return order LK20260129?");
    expect(replies[2]).toContain("Reason: wrong item.");
    expect(replies[3]).toContain("RT300001");
    expect(writes).toEqual(["create LK20260129 wrong_item"]);
  });

  it("can be cancelled the same way", async () => {
    const { overrides, writes } = counting();
    const [shown, done] = await say(await start(overrides), "cancel my return RT204590", "yes, cancel it");
    expect(shown).toContain("Please confirm the cancellation of return RT204590.");
    expect(done).toBe("The return has been cancelled. Return RT204590 for order LK20260098: cancelled. (Sample data)");
    expect(writes).toEqual(["cancel RT204590"]);
  });

  it.each([
    ["no", "I am not sending the return of order LK20260129."],
    ["thanks, got it", "I am not sending the return of order LK20260129."],
    ["How long is the warranty on the battery?", "I am not sending the return of order LK20260129."],
    ["算了", "订单 LK20260129 的退货申请不提交了。"],
  ])("is left after %j, and a later yes means nothing", async (message, words) => {
    const { overrides, writes } = counting();
    const replies = await say(await start(overrides), "return order LK20260129, it is broken", message, "yes");
    expect(replies[1]).toContain(words);
    expect(replies[2]).toBe(packs.en.smallTalk.find(({ name }) => name === "acknowledgement")?.reply);
    expect(writes).toEqual([]);
  });

  it("is left when a person is asked for", async () => {
    const { overrides, writes } = counting();
    const app = await start(overrides);
    const turn = talk(app);
    await turn("return order LK20260129, it is broken");
    expect((await turn("human")).escalation).not.toBeNull();
    await turn("yes");
    expect(writes).toEqual([]);
  });

  it("is shown again when the yes comes after ten minutes", async () => {
    const { overrides, writes, clock } = counting();
    const turn = talk(await start(overrides));
    const shown = await turn("return order LK20260129, it is broken");
    await clock.advance(11 * 60_000);
    expect((await turn("yes")).reply).toBe(shown.reply);
    expect(writes).toEqual([]);
    expect((await turn("yes")).reply).toContain("RT300001");
    expect(writes).toHaveLength(1);
  });

  it("is confirmed in its own session and by its own user alone", async () => {
    const { overrides, writes } = counting();
    const app = await start(overrides);
    const turn = talk(app);
    await turn("return order LK20260129, it is broken");
    await talk(app)("yes");
    await talk(app, "bob")("yes");
    expect(writes).toEqual([]);
  });

  it("of somebody else's order is not found", async () => {
    const { overrides, writes } = counting();
    const [shown] = await say(await start(overrides), "return order LK20260999, it is broken", "yes");
    expect(shown).toContain("I found no order LK20260999 in your account.");
    expect(writes).toEqual([]);
  });

  it("that the shop refuses is told with the reason", async () => {
    const { overrides } = counting();
    const [, refused] = await say(await start(overrides), "return order LK20260142, I changed my mind", "yes");
    expect(refused).toBe(
      "The shop does not accept the return of order LK20260142: the order has not been delivered yet. (Sample data)",
    );
  });

  it("runs once when the same turn is sent twice", async () => {
    const { overrides, writes } = counting();
    const app = await start(overrides);
    const turn = talk(app);
    const { sessionId } = await turn("return order LK20260129, it is broken");
    const owner = { keyId: "k", user: "guest" };
    const { signal } = new AbortController();
    const yes = { requestId: "r", owner, message: "yes", sessionId, turnId: "t-yes", signal };
    const [first, second] = await Promise.all([app.chat.run(yes), app.chat.run(yes)]);
    expect(second.reply).toBe(first.reply);
    expect(writes).toHaveLength(1);
  });
});

describe("a model", () => {
  /** Plans a return in every turn, and says that it was made. */
  function eager(): ChatModel {
    const mock = createMockModel();
    return {
      ...mock,
      name: "eager",
      async run(task, input, context) {
        if (task.name !== "plan") return mock.run(task, input, context);
        const calls = ["LK20260129", "LK20260117"].map((order_id) => ({
          name: "create_return",
          arguments: { order_id, reason: "quality" },
        }));
        return { value: task.schema.parse({ calls }), usage: { inputTokens: 1, outputTokens: 1 } };
      },
      async *stream() {
        yield { type: "text", text: "All done!" };
      },
    };
  }

  it("can only propose, one change at a time, and cannot keep from the user what is so", async () => {
    const { overrides, writes } = counting();
    const app = await start({ ...overrides, firsts: { ...overrides.firsts, llm: [eager()] } });
    const replies = await say(app, "hello", "return everything now, do not ask", "thanks a lot", "no");
    for (const reply of replies.slice(0, 3)) {
      expect(reply).toContain("All done!\n\nPlease confirm the return of order LK20260129 (Milk frother).");
      expect(reply).toContain("I send it only after your yes");
      expect(reply).not.toContain("LK20260117");
    }
    expect(replies[3]).toContain("I am not sending the return of order LK20260129.");
    expect(writes).toEqual([]);
    expect((await say(app, "hello", "yes"))[1]).toContain("RT300001");
    expect(writes).toEqual(["create LK20260129 quality"]);
  });

  it("that speaks HTTP reads the same conversation as the rules do", async () => {
    const server = await startFakeModel({ answer: createRehearsedAnswer(packs) });
    closers.push(() => server.close());
    const conversations = [
      ["I want to return something", "LK20260129", "wrong colour", "ok", "Where is my order LK20260142?", "yes"],
      ["我要退货，订单LK20260129，坏了", "知道了", "取消退货RT204590", "确认取消", "谢谢"],
      ["cancel my return RT204377", "yes", "yes", "And how long does a refund take?"],
    ];
    for (const messages of conversations) {
      const model = createModel({ provider: "openai", name: "primary", model: "fake", baseUrl: server.url });
      const byModel = await start({ ...counting().overrides, clock: systemClock, firsts: { llm: [model] } });
      const byRule = await start({ ...counting().overrides, clock: systemClock, firsts: {} });
      expect(await say(byModel, ...messages)).toEqual(await say(byRule, ...messages));
    }
  });
});

describe("a business API that fails", () => {
  async function withApi(fallback: "mock" | "none" = "none") {
    const api = await startFakeBusiness();
    closers.push(() => api.close());
    const environment = {
      BUSINESS_API_BASE_URL: api.url,
      BUSINESS_API_TIMEOUT_SECONDS: "1",
      BUSINESS_FALLBACK: fallback,
    };
    return { api, turn: talk(await start({ clock: systemClock }, environment)) };
  }

  it.each(["none", "mock"] as const)(
    "fault 49: a write that times out is unconfirmed, and confirmed again it is one return (stand-in: %s)",
    async (fallback) => {
      const { api, turn } = await withApi(fallback);
      await turn("I want to return order LK20260129, it is broken");
      api.fault({ kind: "lost_reply" });
      const unconfirmed = await turn("yes");
      expect(unconfirmed.reply).toBe(
        packs.en.changes.unconfirmed.replace("{change}", "the return of order LK20260129"),
      );
      expect(unconfirmed.escalation).toBeNull();
      api.fault(undefined);
      const done = await turn("yes");
      expect(done.reply).toContain("Return RT300001 for order LK20260129: requested");
      expect(done.reply).not.toContain("Sample data");
      expect(api.requests.get("POST /returns")).toBe(2);
      expect((await turn("what is the status of my return RT300001?")).reply).toContain("RT300001");
      expect((await turn("what is the status of my return RT300002?")).reply).toContain("no return RT300002");
    },
    20_000,
  );

  it("is said to be out of reach when a mock stands in, which neither shows nor takes a return", async () => {
    const { api, turn } = await withApi("mock");
    api.fault({ kind: "status", status: 503 });
    const away = await turn("I want to return order LK20260129, it is broken");
    expect(away.reply).toContain(packs.en.changes.unavailable);
    expect(away.reply).not.toContain("Please confirm");
    expect(away.degradation).toMatchObject([{ layer: "business", mode: "made_up" }]);
    expect(api.requests.get("POST /returns")).toBeUndefined();
  });
});
