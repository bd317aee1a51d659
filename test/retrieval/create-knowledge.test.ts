import { describe, expect, it } from "vitest";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import type { Embeddings } from "../../src/fallbacks/embeddings/port.ts";
import type { Reranker } from "../../src/fallbacks/reranker/port.ts";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import type { Vectors } from "../../src/fallbacks/vectors/port.ts";
import { createHarness } from "./harness.ts";

const returns = {
  name: "returns.md",
  content:
    "# Returns\n\n## Unopened goods\n\nUnopened goods can be returned within 30 days. Keep the seal intact.\n\n## Postage\n\nThe postage of a return costs 12 yuan.\n",
};
const question = "How many days do I have to return unopened goods?";
const down = () => Promise.reject(new LayerError("network", "away"));

const brokenVectors: Vectors = {
  name: "broken",
  upsert: down,
  remove: down,
  query: down,
  count: down,
  ids: down,
  get: down,
};
const brokenReranker: Reranker = { name: "broken", score: down };
const brokenEmbeddings: Embeddings = { name: "broken", embed: down };

describe("knowledge: documents", () => {
  it("adds, lists, gets, shows a passage, and removes", async () => {
    const { knowledge, context } = createHarness();
    const info = await knowledge.add(returns, context());
    expect(info).toEqual({
      documentId: expect.stringMatching(/^doc_[0-9a-f]{24}$/),
      name: "returns.md",
      title: "Returns",
      chunks: 2,
      characters: returns.content.length,
      addedAt: "2026-01-15T10:00:00.000Z",
      url: null,
      version: 1,
      repeated: 0,
      similar: [],
      audience: [],
      metadata: {},
    });
    expect([knowledge.documents, knowledge.chunks, knowledge.revision]).toEqual([1, 2, 1]);
    expect((await knowledge.get(info.documentId, context())).text).toBe(returns.content);
    expect(await knowledge.passage(`${info.documentId}.1`, context())).toMatchObject({
      heading: "Postage",
      quote: "The postage of a return costs 12 yuan.",
    });
    await knowledge.remove(info.documentId, context());
    expect([knowledge.documents, knowledge.chunks, knowledge.revision]).toEqual([0, 0, 2]);
    expect((await knowledge.search(question, {}, context())).passages).toEqual([]);
    await expect(knowledge.passage(`${info.documentId}.1`, context())).rejects.toMatchObject({
      code: "passage_not_found",
    });
    await expect(knowledge.get(info.documentId, context())).rejects.toMatchObject({ code: "document_not_found" });
    await expect(knowledge.remove(info.documentId, context())).rejects.toMatchObject({ code: "document_not_found" });
  });

  it("changes nothing for the same content, and takes it again after a removal", async () => {
    const { knowledge, context } = createHarness();
    const first = await knowledge.add(returns, context());
    const [again] = await Promise.all([knowledge.add(returns, context()), knowledge.add(returns, context())]);
    expect(again).toEqual(first);
    expect(knowledge.revision).toBe(1);
    await knowledge.remove(first.documentId, context());
    await knowledge.add(returns, context());
    expect((await knowledge.search(question, {}, context())).answerable).toBe(true);
  });

  it("replaces other content under the same name, everywhere", async () => {
    const store = createMemoryStore();
    const harness = createHarness({ store });
    const { knowledge, context } = harness;
    await knowledge.add(returns, context());
    await knowledge.add({ ...returns, content: returns.content.replace("30 days", "45 days") }, context());
    expect(knowledge.documents).toBe(1);
    const { sentences } = await knowledge.search(question, {}, context());
    expect(sentences.map(({ quote }) => quote)).toEqual([
      "Unopened goods can be returned within 45 days.",
      "Keep the seal intact.",
    ]);
    expect(await store.list({ collection: "documents", limit: 10 }, context())).toHaveLength(1);
    expect(await harness.mirror.count("hash-7-512", context())).toBe(2);
  });

  it("finds what was stored after a start", async () => {
    const store = createMemoryStore();
    const before = createHarness({ store });
    const info = await before.knowledge.add(returns, before.context());
    const { knowledge, context, mirror } = createHarness({ store });
    await knowledge.load(context());
    expect(await knowledge.list({ limit: 10 }, context())).toEqual({ items: [info], next: null });
    expect(await mirror.count("hash-7-512", context())).toBe(2);
    expect((await knowledge.search(question, {}, context())).answerable).toBe(true);
  });

  it("lists in pages and refuses limits out of range", async () => {
    const { knowledge, context } = createHarness();
    for (const name of ["a.txt", "b.txt", "c.txt"])
      await knowledge.add({ name, content: `Text of ${name}` }, context());
    const first = await knowledge.list({ limit: 2 }, context());
    const second = await knowledge.list({ limit: 2, after: first.next ?? "" }, context());
    const ids = [...first.items, ...second.items].map(({ documentId }) => documentId);
    expect(new Set(ids).size).toBe(3);
    expect(ids).toEqual([...ids].sort());
    expect(second.next).toBeNull();
    await expect(knowledge.list({ limit: 201 }, context())).rejects.toMatchObject({
      code: "invalid_request",
      field: "limit",
    });
    await expect(knowledge.search("x", { k: 0 }, context())).rejects.toMatchObject({
      code: "invalid_request",
      field: "k",
    });
  });

  it("is not changed by a document that could not be saved", async () => {
    const store = { ...createMemoryStore(), commit: down };
    const { knowledge, context } = createHarness({ store });
    await expect(knowledge.add(returns, context())).rejects.toMatchObject({ errorClass: "network" });
    expect([knowledge.documents, knowledge.revision]).toEqual([0, 0]);
  });
});

describe("knowledge: a large document", () => {
  const section = (at: number) => `## Part ${at}\n\nThe lever of part ${at} is green. Turn it slowly.\n\n`;
  const content = (parts: number) => Array.from({ length: parts }, (_, at) => section(at)).join("");
  const large = { name: "large.md", content: `${content(400)}## Seal\n\nThe seal of the pump lasts 7 years.\n` };
  const asked = "How many years does the seal of the pump last?";
  const hashSpace = "hash-7-512";

  /** Looks at each turn of the event loop until the work has ended; says what it saw. */
  async function watching<T, S>(work: Promise<T>, look: () => S): Promise<readonly S[]> {
    const state = { ended: false };
    const seen: S[] = [];
    const end = () => {
      state.ended = true;
    };
    work.then(end, end);
    while (!state.ended) {
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(look());
    }
    await work;
    return seen;
  }

  it("lets other work have its turn many times, and is live all at once", async () => {
    const { knowledge, context, mirror } = createHarness();
    const seen = await watching(knowledge.add(large, context()), () => [knowledge.documents, knowledge.chunks]);
    expect(seen.length).toBeGreaterThan(20);
    expect(new Set(seen.map(String))).toEqual(new Set(["0,0", "1,401"]));
    expect(await mirror.count(hashSpace, context())).toBe(401);
    expect((await knowledge.search(asked, {}, context())).answerable).toBe(true);
  });

  it("lets other work have its turn many times while it is loaded", async () => {
    const store = createMemoryStore();
    const before = createHarness({ store });
    await before.knowledge.add(large, before.context());
    const { knowledge, context } = createHarness({ store });
    const seen = await watching(knowledge.load(context()), () => knowledge.chunks);
    expect(seen.length).toBeGreaterThan(20);
    expect(new Set(seen)).toEqual(new Set([0, 401]));
    expect(await knowledge.search(asked, {}, context())).toEqual(
      await before.knowledge.search(asked, {}, before.context()),
    );
  });

  it("answers from the old text until the new one is live, never from both or none", async () => {
    const { knowledge, context, mirror } = createHarness();
    await knowledge.add(large, context());
    const changed = { ...large, content: large.content.replace("7 years", "9 years") };
    const found: (readonly string[])[] = [];
    let searches: Promise<unknown> = Promise.resolve();
    await watching(knowledge.add(changed, context()), () => {
      searches = searches.then(async () => {
        const { sentences } = await knowledge.search(asked, {}, context());
        found.push(sentences.map(({ quote }) => quote));
      });
    });
    await searches;
    const texts = found.map((quotes) => quotes.join());
    expect([...new Set(texts)]).toEqual(["The seal of the pump lasts 7 years.", "The seal of the pump lasts 9 years."]);
    expect(await mirror.count(hashSpace, context())).toBe(401);
  });

  it("is gone when it is deleted or replaced while something else is taken in", async () => {
    const { knowledge, context, mirror } = createHarness();
    const { documentId } = await knowledge.add(returns, context());
    const adding = knowledge.add(large, context());
    const replacing = knowledge.add({ ...large, content: "## Seal\n\nShort." }, context());
    await Promise.all([adding, replacing, knowledge.remove(documentId, context())]);
    expect([knowledge.documents, knowledge.chunks]).toEqual([1, 1]);
    expect(await mirror.count(hashSpace, context())).toBe(1);
  });

  it("leaves nothing behind when the caller goes away before it is stored", async () => {
    const store = createMemoryStore();
    const { knowledge, context, mirror } = createHarness({ store });
    const caller = new AbortController();
    const adding = knowledge.add(large, context(caller.signal));
    const watched = watching(adding, async () => {
      if ((await mirror.count(hashSpace, context())) > 200) caller.abort();
    });
    await expect(watched).rejects.toMatchObject({ errorClass: "aborted" });
    expect([knowledge.documents, knowledge.revision]).toEqual([0, 0]);
    expect(await mirror.count(hashSpace, context())).toBe(0);
    expect(await store.list({ collection: "documents", limit: 10 }, context())).toEqual([]);
  });

  it.each(["caller goes away", "deadline passes"])("is whole when the %s while it is stored", async (event) => {
    const memory = createMemoryStore();
    const caller = new AbortController();
    const harness = createHarness({
      store: {
        ...memory,
        async commit(operation, context) {
          const result = await memory.commit(operation, context);
          if (!operation.writes.some(({ collection }) => collection === "documents")) return result;
          if (event === "caller goes away") caller.abort();
          else void harness.clock.advance(60_000);
          return result;
        },
      },
    });
    const { knowledge, context, mirror } = harness;
    await knowledge.add(large, context(caller.signal));
    expect([knowledge.documents, knowledge.chunks, knowledge.revision]).toEqual([1, 401, 1]);
    expect(await mirror.count(hashSpace, context())).toBe(401);
    const [best] = (await knowledge.search(asked, {}, context())).passages;
    expect(best?.stages.vectorRank).toEqual(expect.any(Number));
  });
});

describe("knowledge: search", () => {
  const modes = {
    "everything there": {},
    "no model": { model: brokenEmbeddings },
    "no remote vectors": { remote: brokenVectors },
    "no vectors": { mirror: brokenVectors },
    "no reranker": { rerankers: [brokenReranker] as const },
    nothing: {
      model: brokenEmbeddings,
      remote: brokenVectors,
      mirror: brokenVectors,
      rerankers: [brokenReranker] as const,
    },
  };

  it.each(Object.entries(modes))("answers and refuses the same, with the same confidence: %s", async (_, mode) => {
    const { knowledge, context } = createHarness(mode);
    await knowledge.add(returns, context());
    const found = await knowledge.search(question, {}, context());
    expect(found.answerable).toBe(true);
    expect(found.sentences.map(({ quote }) => quote)).toEqual([
      "Unopened goods can be returned within 30 days.",
      "Keep the seal intact.",
    ]);
    expect(found.sentences[0]).toMatchObject({ title: "Returns", heading: "Unopened goods", start: 30, end: 76 });
    expect(found.confidence).toBeCloseTo(0.9947, 4);
    const refused = await knowledge.search("What is the capital of Australia?", {}, context());
    expect(refused).toMatchObject({ answerable: false, sentences: [] });
  });

  it.each([
    [
      "en",
      "How long do I have to return goods?",
      "How long to return unopened goods?",
      "Returns",
      "Unopened goods",
      "Opened goods",
    ],
    ["zh", "商品多少天内可以退货？", "没拆封的商品多久之内可以退货？", "退货", "未拆封商品", "已拆封商品"],
  ])(
    "cites both of two sections that are about as likely to answer, and one that is likelier alone: %s",
    async (language, open, meant, title, unopened, opened) => {
      const { knowledge, context } = createHarness();
      const sentences =
        language === "en"
          ? ["Unopened goods can be returned within 30 days.", "Opened goods can be returned within 7 days."]
          : ["未拆封的商品三十天内可以退货。", "已拆封的商品七天内可以退货。"];
      const content = `# ${title}\n\n## ${unopened}\n\n${sentences[0]}\n\n## ${opened}\n\n${sentences[1]}\n`;
      await knowledge.add({ name: "returns.md", content }, context());
      const both = await knowledge.search(open, {}, context());
      expect(both.sentences).toHaveLength(2);
      expect(Object.fromEntries(both.sentences.map(({ heading, quote }) => [heading, quote]))).toEqual({
        [unopened]: sentences[0],
        [opened]: sentences[1],
      });
      expect((await knowledge.search(open, { k: 1 }, context())).sentences).toHaveLength(1);
      const one = await knowledge.search(meant, {}, context());
      expect(one.sentences.map(({ quote }) => quote)).toEqual([sentences[0]]);
    },
  );

  it("cites beside a section neither its translation, nor what another page says in the same words", async () => {
    const { knowledge, context } = createHarness();
    const page = (name: string, content: string) => knowledge.add({ name, content }, context());
    await page("a.md", "# Refunds\n\n## Card\n\nA refund takes 5 days. It is paid in full.\n");
    await page("b.md", "# Refunds\n\n## Wallet\n\nA refund takes 5 days. It is paid in part.\n");
    await page("c.md", "# 退款\n\n## refund\n\nrefund 5 days：退款需要五天。\n");
    const { sentences } = await knowledge.search("How many days does a refund take?", {}, context());
    expect(sentences.filter(({ quote }) => quote === "A refund takes 5 days.")).toHaveLength(1);
    expect(new Set(sentences.map(({ quote }) => quote))).toEqual(
      new Set(["A refund takes 5 days.", "It is paid in full.", "It is paid in part."]),
    );
  });

  it.each(["退货需要多久？", "Combien coûte la livraison ?", "", "?!", "the of and", "\uD800"])(
    "refuses %j",
    async (text) => {
      const { knowledge, context } = createHarness();
      await knowledge.add(returns, context());
      expect(await knowledge.search(text, {}, context())).toMatchObject({ answerable: false, sentences: [] });
    },
  );

  it("answers nothing about other things from a long text without headings", async () => {
    const { knowledge, context } = createHarness();
    const matters = [
      "voucher",
      "wallet",
      "parcel",
      "invoice",
      "kettle",
      "filter",
      "courier",
      "coupon",
      "account",
      "refund",
    ];
    const content = matters
      .map((matter) =>
        `The ${matter} is looked after by the desk on the second floor, which writes down what comes in. `.repeat(5),
      )
      .join("\n\n");
    const { chunks } = await knowledge.add({ name: "all.txt", content }, context());
    expect(chunks).toBeGreaterThan(8);
    for (const other of ["Do you repair laptops?", "Can I rent a car at the airport?", "When does the museum close?"])
      expect(await knowledge.search(other, {}, context())).toMatchObject({ answerable: false });
  });

  it("shows the rank of each path, and null where one has not found it", async () => {
    const { knowledge, context } = createHarness({ mirror: brokenVectors });
    await knowledge.add(returns, context());
    const [best] = (await knowledge.search(question, {}, context())).passages;
    expect(best?.stages).toMatchObject({ vectorRank: null, lexicalRank: 1 });
    const whole = createHarness();
    await whole.knowledge.add(returns, whole.context());
    const [both] = (await whole.knowledge.search(question, { k: 1 }, whole.context())).passages;
    expect(both?.stages).toMatchObject({ vectorRank: 1, lexicalRank: 1, fused: 1 });
    expect(both?.stages.features.meaning).toBeGreaterThan(0.2);
  });

  it("follows the order of a reranking model and keeps the fused one without", async () => {
    const reversed: Reranker = {
      name: "model",
      score: async (_, texts) => texts.map((_text, index) => index / texts.length),
    };
    const { knowledge, context } = createHarness({ rerankers: [reversed] });
    await knowledge.add(
      { name: "a.md", content: "## Kettle\n\nThe kettle is red.\n\n## Kettle lid\n\nThe lid of the kettle is red." },
      context(),
    );
    const { passages } = await knowledge.search("kettle red", {}, context());
    const fused = passages.map(({ stages }) => stages.fused);
    expect(fused).toEqual([...fused].sort((a, b) => a - b));
  });

  it("prefers the question's language among passages with the same words", async () => {
    const { knowledge, context } = createHarness();
    await knowledge.add({ name: "zh.md", content: "## Brew 2\n\nBrew 2 的 E8 表示卡住了。" }, context());
    await knowledge.add({ name: "en.md", content: "## Brew 2\n\nOn the Brew 2 an E8 means a jam." }, context());
    expect((await knowledge.search("Brew 2 E8?", {}, context())).passages[0]?.quote).toMatch(/jam/);
    expect((await knowledge.search("Brew 2 E8 呢？", {}, context())).passages[0]?.quote).toMatch(/卡住/);
  });

  it("stops when the caller goes away", async () => {
    const { knowledge, context } = createHarness();
    await knowledge.add(returns, context());
    await expect(knowledge.search(question, {}, context(AbortSignal.abort()))).rejects.toMatchObject({
      errorClass: "aborted",
    });
  });
});
