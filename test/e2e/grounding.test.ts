import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { App } from "../../src/app.ts";
import { loadLanguagePacks } from "../../src/graph/rules/language-pack.ts";
import { type FakeModel, startFakeModel } from "../../src/rehearsal/fake-model.ts";
import { createRehearsedAnswer } from "../../src/rehearsal/fake-model-answers.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { testApp } from "../support/test-app.ts";

const packs = loadLanguagePacks(new URL("../../resources/languages/", import.meta.url));
const QUESTION = "How long is the warranty?";
/** How the sample help pages put it. */
const TRUE = "The warranty on the Brew 2 and the Glide is 24 months.";
/** Recognise and plan come before the reply. */
const ONE_CHARACTER_AT_A_TIME = "script-ok,ok,escapes";

let fake: FakeModel;
let app: App;
let url: string;
/** What the model writes when it is given what came back; undefined: what the rule would. */
let lie: string | undefined;

beforeAll(async () => {
  const clock = createManualClock();
  const rehearsed = createRehearsedAnswer(packs);
  fake = await startFakeModel({
    clock,
    answer: (question) => {
      const composes = question.messages[0]?.content.includes('<data name="results">') ?? false;
      return composes && lie !== undefined ? lie : rehearsed(question);
    },
  });
  app = await testApp(
    { clock },
    {
      INTENT_CACHE: "off",
      LLM_PRIORITY_ORDER: "primary_llm",
      PRIMARY_LLM_MODEL: "fake",
      PRIMARY_LLM_PROVIDER: "openai",
      PRIMARY_LLM_BASE_URL: fake.url,
    },
  );
  url = await app.listen();
  await vi.waitFor(async () => expect((await ask()).served_by).toBe("primary"), { timeout: 10_000 });
});

afterAll(async () => {
  await app.close();
  await fake.close();
});

interface Reply {
  readonly session_id: string;
  readonly turn_id: string;
  readonly reply: string;
  readonly served_by: string;
  readonly sources: readonly { readonly quote: string }[];
  readonly grounding?: { readonly checked: number; readonly dropped: number; readonly doubted: number };
}

const post = (path: string, body: object) =>
  fetch(`${url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

async function ask(message = QUESTION, written?: string): Promise<Reply> {
  lie = written;
  return (await (await post("/api/v1/chat", { message })).json()) as Reply;
}

/** The events of a streamed turn whose model writes one character at a time. */
async function stream(written: string, message = QUESTION) {
  lie = written;
  fake.fault(ONE_CHARACTER_AT_A_TIME);
  const text = await (await post("/api/v1/chat/stream", { message })).text();
  fake.fault(undefined);
  const events = [...text.matchAll(/^event: (.*)\ndata: (.*)$/gm)].map(([, event = "", data = ""]) => ({
    event,
    data: JSON.parse(data) as Reply & { readonly text: string },
  }));
  const told = events.filter(({ event }) => event === "token").map(({ data }) => data.text);
  const end = events.at(-1);
  expect(end?.event).toBe("done");
  return { told, reply: end?.data as Reply };
}

describe("what a model writes from what was looked up", () => {
  it("is told as it wrote it where the pages bear it out", async () => {
    const reply = await ask(QUESTION, `Good question! ${TRUE} Is there anything else?`);
    expect(reply).toMatchObject({
      reply: `Good question! ${TRUE} Is there anything else?`,
      served_by: "primary",
      grounding: { checked: 1, dropped: 0, doubted: 0 },
    });
  });

  it("comes without a number that no page has, and never shows it, one character at a time", async () => {
    const { told, reply } = await stream(`${TRUE} Cover of the battery is 36 months. Shall I open a ticket?`);
    expect(told.join("")).toBe(`${TRUE} Shall I open a ticket?`);
    expect(told.length).toBeGreaterThan(10);
    expect(reply).toMatchObject({ reply: told.join(""), grounding: { checked: 2, dropped: 1, doubted: 0 } });
  });

  it("is put right where it begins as the pages do and goes on with another number", async () => {
    const { told, reply } = await stream(TRUE.replace("24", "240"));
    expect(told.join("")).toBe(TRUE);
    expect(reply).toMatchObject({ reply: TRUE, grounding: { checked: 1, dropped: 1, doubted: 0 } });
  });

  it("is what the pages say where nothing but lies was written, however often they are repeated", async () => {
    const { told, reply } = await stream("The warranty is 99 months. ".repeat(20));
    expect(told.join("")).toBe(reply.reply);
    expect(reply.reply).toContain("24 months");
    expect(reply.reply).not.toContain("99");
    expect(reply.grounding).toEqual({ checked: 20, dropped: 20, doubted: 0 });
  });

  it("is the rule's refusal where the pages have no answer and the model makes one up", async () => {
    const reply = await ask("Do you sell gift cards for the opera?", "Yes, opera cards cost 80 euros.");
    expect(reply).toMatchObject({
      reply: packs.en.replies.refusal,
      sources: [],
      grounding: { checked: 1, dropped: 1 },
    });
  });

  it("keeps an invented sentence without a figure, and counts it", async () => {
    const invented = `${TRUE} Our engineers bake fresh bread for every customer.`;
    expect(await ask(QUESTION, invented)).toMatchObject({
      reply: invented,
      grounding: { checked: 2, dropped: 0, doubted: 1 },
    });
  });

  it("keeps a paraphrase, and an answer in the other language but for its wrong figures", async () => {
    const free = "Both the Glide and the Brew 2 come with a warranty of two years.";
    expect(await ask(QUESTION, free)).toMatchObject({ reply: free, grounding: { dropped: 0, doubted: 0 } });
    const other = "Brew 2 和 Glide 都保修二十四个月。";
    const { reply } = await stream(`${other}电池保修五年。`);
    expect(reply).toMatchObject({ reply: other, grounding: { checked: 2, dropped: 1, doubted: 0 } });
  });

  it("is streamed the same in the OpenAI protocol", async () => {
    lie = `${TRUE} You may also claim 500 euros.`;
    const body = { model: "understudy", messages: [{ role: "user", content: QUESTION }] };
    const whole = (await (await post("/v1/chat/completions", body)).json()) as {
      readonly choices: readonly { readonly message: { readonly content: string } }[];
      readonly understudy: Reply;
    };
    expect(whole.choices[0]?.message.content).toBe(TRUE);
    expect(whole.understudy.grounding).toEqual({ checked: 2, dropped: 1, doubted: 0 });
    const text = await (await post("/v1/chat/completions", { ...body, stream: true })).text();
    const chunks = [...text.matchAll(/^data: (\{.*)$/gm)].map(
      ([, data = ""]) => JSON.parse(data) as { choices: { delta: { content?: string } }[]; understudy?: Reply },
    );
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe(TRUE);
    expect(chunks.at(-1)?.understudy?.grounding).toEqual({ checked: 2, dropped: 1, doubted: 0 });
    expect(text.trimEnd().endsWith("data: [DONE]")).toBe(true);
  });

  it("is kept with its counts, for the same turn again and for the session", async () => {
    lie = `${TRUE} It costs 12 euros.`;
    const turn = { message: QUESTION, turn_id: "grounded-1" };
    const first = (await (await post("/api/v1/chat", turn)).json()) as Reply;
    expect(first).toMatchObject({ reply: TRUE, grounding: { checked: 2, dropped: 1, doubted: 0 } });
    lie = "Another one.";
    expect(await (await post("/api/v1/chat", turn)).json()).toMatchObject({
      reply: TRUE,
      grounding: first.grounding,
    });
    const turns = await (await fetch(`${url}/api/v1/sessions/${first.session_id}`)).json();
    expect(JSON.stringify(turns)).toContain(JSON.stringify(first.grounding));
  });

  it("is held against the records, too: a figure that they do not have is never shown", async () => {
    const order = "Where is my order LK20260142?";
    const told = "Order LK20260142 is shipped and on its way.";
    const { told: pieces, reply } = await stream(`${told} It will cost 5 euros more.`, order);
    expect(pieces.join("")).toBe(reply.reply);
    expect(reply.reply).toContain(told);
    expect(reply.reply).not.toContain("euros");
    expect(reply.grounding).toEqual({ checked: 2, dropped: 1, doubted: 0 });
    const chinese = await stream("物流单号是 SF0000000001。", "订单 LK20260142 到哪里了？");
    expect(chinese.reply.reply).toContain("LK20260142");
    expect(chinese.reply.reply).not.toContain("SF0000000001");
    expect(chinese.reply.grounding).toMatchObject({ checked: 1, dropped: 1 });
  });

  it("is held against the state of a record, too, and says it right in the place of a wrong one", async () => {
    const { told, reply } = await stream(
      "Good news! Your order was delivered yesterday.",
      "Where is my order LK20260142?",
    );
    expect(told.join("")).toBe(reply.reply);
    expect(reply.reply).toMatch(/^Good news!\n\nOrder LK20260142: shipped, on its way\./);
    expect(reply.grounding).toMatchObject({ checked: 1, dropped: 1 });
    const chinese = await stream("订单 LK20260142 已签收。", "订单 LK20260142 到哪里了？");
    expect(chinese.reply.reply).not.toContain("已签收");
    expect(chinese.reply.reply).toContain("已发货，运输中");
  });

  it("is told what day it is", async () => {
    await ask(QUESTION, TRUE);
    const prompts = fake.requests.map(({ body }) => JSON.stringify(body?.["messages"]));
    expect(prompts.findLast((prompt) => prompt.includes("results"))).toContain(
      "Today is Thursday, 2026-01-15 (time zone UTC).",
    );
  });

  it("is not held up where nothing was looked up", async () => {
    const { told, reply } = await stream("Hello! What can I do for you in 2099?", "Hello!");
    expect(told.length).toBeGreaterThan(20);
    expect(reply).not.toHaveProperty("grounding");
  });
});
