import { describe, expect, it } from "vitest";
import { LayerError } from "../../../../src/fallbacks/core/errors.ts";
import { createMockModel } from "../../../../src/fallbacks/llm/mock.ts";
import type { ChatModel, ModelChunk } from "../../../../src/fallbacks/llm/port.ts";
import type { Grounding } from "../../../../src/graph/grounding.ts";
import { createCompose } from "../../../../src/graph/nodes/compose.ts";
import { createComposeTask } from "../../../../src/graph/nodes/compose-task.ts";
import { createGrounded } from "../../../../src/graph/nodes/grounding/grounded.ts";
import { resultText } from "../../../../src/graph/nodes/result-text.ts";
import type { Recognition } from "../../../../src/graph/state.ts";
import type { ToolResult } from "../../../../src/graph/tools/tool-call.ts";
import { contextOf, knowledgeResult, layerOf, packs, recognitionOf, shownText, stateOf } from "../bench.ts";
import { account, member, oneOrder } from "./judging.ts";

const quotes = ["Unopened goods can be returned within 30 days of delivery.", "A refund takes 5 working days."];
/** A model that says the pieces, and fails behind them where it is broken. */
function saying(name: string, pieces: readonly string[], broken = false): ChatModel {
  return {
    name,
    run: () => Promise.reject(new Error("not expected")),
    async *stream(): AsyncGenerator<ModelChunk> {
      for (const text of pieces) yield { type: "text", text };
      if (broken) throw new LayerError("network", "reset");
      yield { type: "usage", usage: { inputTokens: 1, outputTokens: 1 } };
    },
  };
}

async function compose(
  models: [ChatModel, ...ChatModel[]],
  results: readonly ToolResult[] = [knowledgeResult(...quotes)],
  recognition: Partial<Recognition> = {},
) {
  const context = contextOf();
  const heard: Grounding[] = [];
  const node = createCompose({ llm: layerOf("llm", ...models), packs, onGrounding: (each) => heard.push(each) });
  const { reply } = await node(stateOf({ recognition: recognitionOf(recognition), results }), context);
  if (!reply) throw new Error("no reply");
  expect(shownText(context.events)).toBe(reply.text);
  expect(heard).toEqual(reply.grounding ? [reply.grounding] : []);
  return { ...reply, events: context.events };
}

const letters = (text: string) => Array.from(text);

describe("a reply that a model writes from help pages", () => {
  it("loses the sentence with a number that no page has, and keeps the others", async () => {
    const text = `Good question! ${quotes[0]} The refund takes 2 days. Shall I open a ticket?`;
    for (const pieces of [[text], letters(text)]) {
      const reply = await compose([saying("m", pieces)]);
      expect(reply.text).toBe(`Good question! ${quotes[0]} Shall I open a ticket?`);
      expect(reply.grounding).toEqual({ checked: 2, dropped: 1, doubted: 0 });
    }
  });

  it("is the sentences of the pages where nothing of it is left", async () => {
    const lie = "You can return unopened goods within 60 days. The refund takes 2 days.";
    const reply = await compose([saying("m", letters(lie))]);
    expect(reply.text).toBe(quotes.join(" "));
    expect(reply.grounding).toEqual({ checked: 2, dropped: 2, doubted: 0 });
    expect((await compose([saying("m", ["Sure! You have 60 days."])])).text).toBe(`Sure!\n\n${quotes.join(" ")}`);
  });

  it("is the sentences of the pages too where only something else is left", async () => {
    const reply = await compose(
      [saying("m", ["You are a gold member with 1200 points. You have 60 days."])],
      [member, knowledgeResult(...quotes)],
    );
    expect(reply.text).toBe(`You are a gold member with 1200 points.\n\n${quotes.join(" ")}`);
    expect(reply.grounding).toEqual({ checked: 2, dropped: 1, doubted: 0 });
  });

  it("keeps a sentence that nobody has said, and says so", async () => {
    const text = `${quotes[0]} Our shop in Paris sells flowers every morning.`;
    const reply = await compose([saying("m", [text])]);
    expect([reply.text, reply.grounding]).toEqual([text, { checked: 2, dropped: 0, doubted: 1 }]);
  });

  it("keeps a free paraphrase, and one in another language", async () => {
    const free = "Sure: whatever is still sealed can come back to us, thirty days long.";
    expect((await compose([saying("m", [free])])).text).toBe(free);
    const other = "没拆封的东西三十天内都能退。退款要五个工作日。";
    const reply = await compose([saying("m", letters(other))], [knowledgeResult(...quotes)], { language: "zh" });
    expect([reply.text, reply.grounding]).toEqual([other, { checked: 2, dropped: 0, doubted: 0 }]);
    const lie = await compose([saying("m", ["没拆封的东西六十天内都能退。"])], [knowledgeResult(...quotes)], {
      language: "zh",
    });
    expect(lie.text).toBe(quotes.join(" "));
  });

  it("says that it does not know where a model makes up an answer for a question that the pages do not answer", async () => {
    const lie = await compose([saying("m", ["Gift cards are valid for 3 years."])], [knowledgeResult()]);
    expect([lie.text, lie.grounding?.dropped]).toEqual([packs.en.replies.refusal, 1]);
    const honest = "I am sorry, I do not know that. Would you like me to open a ticket?";
    const reply = await compose([saying("m", [honest])], [knowledgeResult()]);
    expect([reply.text, reply.grounding]).toEqual([honest, { checked: 0, dropped: 0, doubted: 0 }]);
  });

  it("says only once that it does not know", async () => {
    const text = "I am sorry, I do not know whether we sell gift cards. They cost 80 euros.";
    const honest = await compose([saying("m", [text])], [knowledgeResult()]);
    expect(honest.text).toBe("I am sorry, I do not know whether we sell gift cards.");
    const both = await compose(
      [saying("m", [`${text} ${quotes[0]}`])],
      [knowledgeResult(...quotes), knowledgeResult()],
    );
    expect(both.text).toBe(`I am sorry, I do not know whether we sell gift cards. ${quotes[0]}`);
    const silent = await compose([saying("m", ["Hello! They cost 80 euros."])], [knowledgeResult()]);
    expect(silent.text).toBe(`Hello!\n\n${packs.en.replies.refusal}`);
  });

  it("holds back one sentence and no more, and nothing of what the pages say word for word", async () => {
    const free = ["Sealed goods may be returned for 30 days.", " The refund then takes 5 working days."];
    const { events } = await compose([saying("m", letters(free.join("")))]);
    expect(events.map((event) => (event.type === "token" ? event.text : event.type))).toEqual(free);
    const verbatim = quotes.join(" ");
    const at = await compose([saying("m", letters(verbatim))]);
    // Six letters say that the first sentence is one of the page.
    expect(at.events.map((event) => event.type === "token" && event.text).slice(0, 3)).toEqual(["Unopen", "e", "d"]);
    expect(at).toMatchObject({ text: verbatim, grounding: { checked: 2, dropped: 0, doubted: 0 } });
  });

  it("ends as the page does where it begins like it and goes on with a lie", async () => {
    const lie = "Unopened goods can be returned within 300 days of delivery. I hope this helps.";
    for (const pieces of [[lie], letters(lie)]) {
      const reply = await compose([saying("m", pieces)]);
      expect(reply.text).toBe(`${quotes[0]} I hope this helps.`);
      expect(reply.grounding).toEqual({ checked: 1, dropped: 1, doubted: 0 });
    }
  });

  it("shows no lie of a model that breaks off inside a sentence, and starts over behind what it showed", async () => {
    const half = saying("a", letters("You may return goods within 60"), true);
    const whole = saying("b", [quotes.join(" ")]);
    const silent = await compose([half, whole]);
    expect(silent.events.some(({ type }) => type === "restart")).toBe(false);
    const more = saying("a", letters(`${quotes[0]} A refund takes 60`), true);
    const { events, text, by } = await compose([more, whole]);
    const at = events.findIndex(({ type }) => type === "restart");
    expect(shownText(events.slice(0, at))).toBe(`${quotes[0]} A refund takes `);
    expect([text, by]).toEqual([quotes.join(" "), "b"]);
  });

  it("is not held where nothing was looked up, nor where it is that of the rule", async () => {
    const free = ["You have ", "9,999 points", "."];
    const alone = await compose([saying("m", free)], []);
    expect(alone.events.map((event) => event.type === "token" && event.text)).toEqual(free);
    expect(alone).not.toHaveProperty("grounding");
    const byRule = await compose([createMockModel()]);
    expect(byRule.text).toBe(quotes.join(" "));
    expect(byRule.events.length).toBeGreaterThan(2);
    expect(byRule).not.toHaveProperty("grounding");
  });

  it("is checked too when a model takes over from one that answers by rule, and the other way round", async () => {
    const ruled: ChatModel = {
      ...createMockModel(),
      async *stream(task, input) {
        yield { type: "text", text: task.byRule(input).slice(0, 9) };
        throw new LayerError("network", "reset");
      },
    };
    expect((await compose([ruled, saying("m", ["You have 60 days."])])).text).toBe(quotes.join(" "));
    const lie = saying("m", ["You have 60 days. "], true);
    expect(await compose([lie, createMockModel()])).not.toHaveProperty("grounding");
  });
});

describe("a reply that a model writes from records alone", () => {
  it("loses the sentence with a figure that no record has, and keeps the others", async () => {
    const text = "Good news! You are a gold member. You have 1,200 points. They expire in 3 months. Anything else?";
    for (const pieces of [[text], letters(text)]) {
      const reply = await compose([saying("m", pieces)], [member]);
      expect(reply.text).toBe("Good news! You are a gold member. You have 1,200 points. Anything else?");
      expect(reply.grounding).toEqual({ checked: 3, dropped: 1, doubted: 0 });
    }
  });

  it("is told as the rule tells it where nothing of a record is left", async () => {
    const reply = await compose([saying("m", ["Hello! You have 9,999 points."])], [member]);
    expect(reply.text).toBe("Hello!\n\nYour membership level is Gold, with 1200 points. Phone on file: 138****1234.");
    const chinese = await compose([saying("m", letters("您好！您的积分是 9999。"))], [member], { language: "zh" });
    expect(chinese.text).toBe("您好！\n\n您的会员等级是金卡会员，积分 1200。预留手机：138****1234。");
    expect(chinese.grounding).toEqual({ checked: 1, dropped: 1, doubted: 0 });
  });

  it("is told for the record alone of which nothing is left", async () => {
    const reply = await compose([saying("m", ["You have 1200 points. Your balance is 900 EUR."])], [member, account]);
    expect(reply.text).toBe("You have 1200 points.\n\nYour account balance is 120.00 EUR. Open bills: 2.");
  });

  it("ends as the rule tells the record where only a figure is another one", async () => {
    const lie = "Your membership level is Gold, with 1300 points. Thanks!";
    const reply = await compose([saying("m", letters(lie))], [member]);
    expect(reply.text).toBe("Your membership level is Gold, with 1200 points. Thanks!");
  });

  it.each([
    ["en", oneOrder, "Your order has been delivered. It contains 2 items."],
    ["zh", oneOrder, "您的订单已送达。共2件商品。"],
  ] as const)(
    "loses a sentence that tells a wrong state, and tells the record in its place, in %s",
    async (language, record, lie) => {
      for (const pieces of [[lie], letters(lie)]) {
        const reply = await compose([saying("m", pieces)], [record], { language });
        const rest = language === "en" ? "It contains 2 items." : "共2件商品。";
        expect(reply.text).toBe(`${rest}\n\n${resultText(record, packs[language])}`);
        expect(reply.grounding).toEqual({ checked: 2, dropped: 1, doubted: 0 });
      }
    },
  );

  it("is not told again where the right state is told beside the wrong one", async () => {
    const text = "Your order has been delivered. No: order LK20260142 has been shipped.";
    const reply = await compose([saying("m", [text])], [oneOrder]);
    expect(reply.text).toBe("No: order LK20260142 has been shipped.");
  });

  it("ends as the rule tells it where it begins so and tells another state", async () => {
    const lie = "Order LK20260142: delivered. Thanks!";
    const reply = await compose([saying("m", letters(lie))], [oneOrder]);
    expect(reply.text).toBe("Order LK20260142: shipped, on its way. Thanks!");
  });

  it("is held where the record could not be looked up", async () => {
    const outage: ToolResult = { name: "query_order", status: "unavailable", data: null };
    const reply = await compose([saying("m", ["It arrives on June 5."])], [outage]);
    expect([reply.text, reply.grounding?.dropped]).toEqual([packs.en.replies.businessUnavailable, 1]);
  });
});

describe("a reply that comes in one long piece", () => {
  const sentence = "Unopened goods can be sent back within 30 days. ";
  const text = sentence.repeat(200);
  const input = { message: "m", history: [], recognition: recognitionOf(), results: [knowledgeResult(...quotes)] };

  it("is judged in slices, between which others have their turn", async () => {
    let turns = 0;
    let isDone = false;
    const count = () => {
      turns += 1;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    const shown: string[] = [];
    const grounded = createGrounded(createComposeTask(packs), input, packs, (piece) => shown.push(piece));
    await grounded.add(text);
    isDone = true;
    expect(turns).toBeGreaterThanOrEqual(Math.floor(text.length / 1_000));
    expect(Math.max(...shown.map((piece) => piece.length))).toBeLessThan(1_000);
    expect(grounded.end()).toMatchObject({ text, grounding: { checked: 200, dropped: 0, doubted: 0 } });
  });

  it("is whole and in order where more is added or it ends before that is done", async () => {
    const grounded = createGrounded(createComposeTask(packs), input, packs, () => {});
    const first = grounded.add(text);
    const second = grounded.add("A refund takes 5 working days. And it takes 60 days.");
    expect(grounded.end()).toMatchObject({
      text: `${text}A refund takes 5 working days.`,
      grounding: { checked: 202, dropped: 1, doubted: 0 },
    });
    await Promise.all([first, second]);
  });
});
