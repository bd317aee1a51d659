import { describe, expect, it } from "vitest";
import type { ChatModel, ModelChunk } from "../../../../src/fallbacks/llm/port.ts";
import { createCompose } from "../../../../src/graph/nodes/compose.ts";
import { createComposeTask } from "../../../../src/graph/nodes/compose-task.ts";
import type { Recognition } from "../../../../src/graph/state.ts";
import type { ToolResult } from "../../../../src/graph/tools/tool-call.ts";
import type { Source } from "../../../../src/retrieval/knowledge.ts";
import { contextOf, layerOf, orderResult, packs, recognitionOf, searchOf, sourceOf, stateOf } from "../bench.ts";

const unopened = passage(
  "Unopened",
  "Unopened goods can be returned within 30 days of delivery. The seal must be intact.",
);
const opened = passage("Opened", "Opened goods can be returned within 14 days. A fee of 10% is kept back.");
const repair = passage("Repair", "A repair takes 5 working days. The courier collects the machine at your door.");
const password = passage("忘记密码", "在登录页点击“忘记密码”。重置链接在 30 分钟内有效，发到注册邮箱。");

function passage(heading: string, quote: string): Source {
  const documentId = `doc_${heading}`;
  return sourceOf(quote, {
    documentId,
    heading,
    chunkId: `${documentId}.0`,
    start: 90,
    end: 90 + quote.length,
    score: 0.4,
  });
}

/** Of a search that would cite the sentences of the first passage, and gives all to read. */
const found = (first: Source, ...others: Source[]): ToolResult => ({
  name: "search_knowledge",
  status: "found",
  data: { query: "q", search: { ...searchOf(first.quote), sentences: [first], reading: [first, ...others] } },
});
const unsure = (...reading: Source[]): ToolResult => ({
  name: "search_knowledge",
  status: "not_found",
  data: { query: "q", search: { ...searchOf(), reading, related: reading.slice(0, 1) } },
});

async function replied(text: string, results: readonly ToolResult[], recognition: Partial<Recognition> = {}) {
  const model: ChatModel = {
    name: "m",
    run: () => Promise.reject(new Error("not expected")),
    async *stream(): AsyncGenerator<ModelChunk> {
      yield { type: "text", text };
    },
  };
  const node = createCompose({ llm: layerOf("llm", model), packs });
  const { reply } = await node(stateOf({ recognition: recognitionOf(recognition), results }), contextOf());
  if (!reply) throw new Error("no reply");
  return { ...reply, quotes: reply.sources.map(({ quote }) => quote), places: reply.related.map((one) => one.heading) };
}

const refusal = "I do not know that, sorry. I can open a ticket for you.";

describe("a model that reads passages", () => {
  it("is given them whole, without scores, also where the search is not sure", () => {
    const input = { message: "m", history: [], recognition: recognitionOf() };
    for (const result of [found(unopened, opened), unsure(unopened, opened)]) {
      const { messages } = createComposeTask(packs).prompt({ ...input, results: [result] });
      const content = messages.map((part) => part.content).join("\n");
      for (const { quote, heading } of [unopened, opened]) {
        expect(content).toContain(quote);
        expect(content).toContain(`"heading": "${heading}"`);
      }
      expect(content).not.toContain("0.4");
      expect(content).not.toContain("hint");
    }
  });

  it("cites the passage that its answer is from, not the one that the search thought of", async () => {
    const reply = await replied("You can bring opened goods back within 14 days.", [found(unopened, opened, repair)]);
    expect(reply.quotes).toEqual(["Opened goods can be returned within 14 days."]);
    const [source] = reply.sources;
    expect(opened.quote.slice((source?.start ?? 0) - opened.start, (source?.end ?? 0) - opened.start)).toBe(
      source?.quote,
    );
    expect(reply).toMatchObject({ resolved: true, related: [], grounding: { checked: 1, dropped: 0, doubted: 0 } });
  });

  it("cites every sentence that it sums up, each once, in the order of the reply", async () => {
    const text =
      "A repair takes 5 working days. Opened goods can be returned within 14 days, and a fee of 10% is kept back. A repair takes 5 working days.";
    const reply = await replied(text, [found(opened, repair)]);
    expect(reply.quotes).toEqual([
      "A repair takes 5 working days.",
      "Opened goods can be returned within 14 days.",
      "A fee of 10% is kept back.",
    ]);
  });

  it("may answer where the search was not sure, which then names no other places", async () => {
    const reply = await replied("The courier collects the machine at your door.", [unsure(opened, repair)]);
    expect(reply).toMatchObject({ quotes: ["The courier collects the machine at your door."], resolved: true });
    expect(reply.places).toEqual([]);
  });

  it("may say that it does not know where the search thought that it knew", async () => {
    const reply = await replied(refusal, [found(unopened, opened)]);
    expect(reply).toMatchObject({ text: refusal, quotes: [], resolved: false });
    expect(reply.places).toEqual(["Unopened", "Opened"]);
    const unsureOne = await replied(refusal, [unsure(repair)]);
    expect(unsureOne).toMatchObject({ text: refusal, quotes: [], resolved: false, places: ["Repair"] });
  });

  it("is refused by rule where its answer is made up and the search was not sure", async () => {
    const reply = await replied("You have 90 days to do that.", [unsure(opened, repair)]);
    expect(reply).toMatchObject({ text: packs.en.replies.refusal, quotes: [], resolved: false });
  });

  it("cites what the search would where it says freely what answers", async () => {
    const reply = await replied("Sure, just leave the wrapping on and send everything to us.", [found(unopened)]);
    expect(reply).toMatchObject({ quotes: [unopened.quote], resolved: true });
  });

  it("cites a page in another language by what it means", async () => {
    const text =
      "Click on forgot password at sign-in; the reset link is sent to your registered email and works for 30 minutes.";
    const reply = await replied(text, [unsure(password)]);
    expect(reply).toMatchObject({ quotes: ["重置链接在 30 分钟内有效，发到注册邮箱。"], resolved: true });
    const other = await replied("Our hotline answers from nine to five.", [unsure(password)]);
    expect(other.quotes).toEqual([]);
  });

  it("cites no page for what a record says", async () => {
    const parcel = passage("Parcels", "Your order is shipped within two days and on its way soon after.");
    const reply = await replied("Your order is shipped and on its way.", [orderResult, unsure(parcel)]);
    expect(reply.quotes).toEqual([]);
  });

  it("cites by what a figure is, in whatever form", async () => {
    const hours = passage("Hours", "The shop opens at 9 am and closes at 2 pm.");
    const reply = await replied("The shop opens at 9:00 and closes at 14:00.", [unsure(hours)]);
    expect(reply).toMatchObject({ quotes: [hours.quote], resolved: true, places: [] });
    const second = await replied("The shop opens at 9:00 and closes at 14:00.", [found(opened, hours)]);
    expect(second.quotes).toEqual([hours.quote]);
  });

  it("cites no words of a list that only come up", async () => {
    const list = passage(
      "Refunds",
      "Refunds:\n\n- Card\n- Wallet\n- Opened goods\n\nOpened goods are refunded to the card or the wallet.",
    );
    const reply = await replied("Opened goods are refunded to the card or the wallet.", [found(list)]);
    expect(reply.quotes).toEqual(["Opened goods are refunded to the card or the wallet."]);
  });

  it("answers one of two searches that read the same passage, and cites it once", async () => {
    const text = "Opened goods can be returned within 14 days. I do not know whether we deliver to Mars.";
    const reply = await replied(text, [found(opened), unsure(opened, repair)]);
    expect(reply).toMatchObject({ quotes: ["Opened goods can be returned within 14 days."], resolved: false });
    expect(reply.places).toEqual(["Opened"].slice(1));
  });

  it("takes nothing that is doubted for an answer that the search would not give", async () => {
    const reply = await replied("No, opened goods cannot be returned within 14 days.", [unsure(opened)]);
    expect(reply).toMatchObject({ quotes: [], resolved: false, grounding: { doubted: 1 } });
    expect(reply.places).toEqual(["Opened"]);
  });

  it("is not answered by small talk", async () => {
    const reply = await replied("Hello! How can I help you?", [found(opened)]);
    expect(reply).toMatchObject({ quotes: [], resolved: false });
  });

  it("is told where asking in another language may help, beside what it reads", () => {
    const result = unsure(password);
    const data = result.data as { search: object };
    const hinted: ToolResult = { ...result, data: { ...data, search: { ...data.search, otherLanguage: "zh" } } };
    const input = { message: "m", history: [], recognition: recognitionOf(), results: [hinted] };
    const content = createComposeTask(packs)
      .prompt(input)
      .messages.map((part) => part.content)
      .join("\n");
    expect(content).toContain(`"hint": "${packs.en.replies.pagesIn.zh}"`);
    expect(content).toContain(JSON.stringify(password.heading));
  });
});
