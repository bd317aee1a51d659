import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createContext } from "../../src/fallbacks/core/context.ts";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import { createLexicalReranker } from "../../src/fallbacks/reranker/lexical.ts";
import { createMemoryStore } from "../../src/fallbacks/store/memory.ts";
import { createMemoryVectors } from "../../src/fallbacks/vectors/memory.ts";
import type { NewDocument, Trial, TrialOrder } from "../../src/retrieval/knowledge.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { addSamples, createHarness, type Harness } from "./harness.ts";
import { createScriptedModel } from "./scripted-model.ts";

const SPACES = ["hash-7-512", "model-a"];

const kettle = (months: number) => ({
  name: "kettle.md",
  content: `# Kettle\n\n## Warranty\n\nThe kettle has a warranty of ${months} months.\n\n## Cleaning\n\nClean the kettle with vinegar once a month.\n`,
});
const shuihu = (months: number) => ({
  name: "水壶.md",
  content: `# 水壶\n\n## 保修\n\n水壶的保修期为${months}个月。\n\n## 清洁\n\n请每月用白醋清洗一次水壶。\n`,
});

function order(document: NewDocument, questions: readonly string[], roles: TrialOrder["roles"] = "all"): TrialOrder {
  return { document, questions, roles };
}

const quotes = ({ questions }: Trial) =>
  questions.map(({ outcome, before, after }) => [
    outcome,
    before.sentences.map(({ quote }) => quote).join(" "),
    after.sentences.map(({ quote }) => quote).join(" "),
  ]);

/** All that may be left behind. */
async function countsOf({ knowledge, mirror, context }: Harness) {
  const vectors = await Promise.all(SPACES.map((space) => mirror.count(space, context())));
  const { documents, chunks, revision } = knowledge;
  return { documents, chunks, revision, vectors };
}

/** The search that is served, asked as the trial asks. */
async function served({ knowledge, context }: Harness, { questions, roles }: TrialOrder) {
  const found = questions.map((question) => knowledge.search(question, { roles }, context()));
  return (await Promise.all(found)).map(({ answerable, confidence, sentences }) => ({
    answerable,
    confidence,
    sentences,
  }));
}

const mixed = [
  "How long is the warranty of the kettle?",
  "水壶的保修期多久？",
  "When can opened goods be returned?",
  "What does sending goods back cost?",
  "已拆封的商品几天内可以退货？",
  "退货要收多少运费？",
  "How long does a refund to a bank card take?",
  "Is the kettle made of steel?",
  "金卡会员退货收费吗？",
  "How do I close my account?",
  "Can I pay for a horse in instalments?",
  "RT",
];

function edited(name: string): NewDocument {
  const [file = "", language = ""] = name.split(".");
  const text = readFileSync(new URL(`../../resources/knowledge/${language}/${file}.md`, import.meta.url), "utf8");
  const sections = text.split("\n## ");
  const content = [...sections.slice(0, 2), ...sections.slice(4)].join("\n## ").replaceAll("14", "21");
  return { name, content: `${content}\n\n## Kettles\n\nThe kettle is made of steel. 水壶的保修期为36个月。\n` };
}

describe("a trial", () => {
  it("tells what a new version gains, loses and changes, in both languages", async () => {
    const harness = createHarness();
    await addSamples(harness);
    const { knowledge, context } = harness;
    await knowledge.add(kettle(12), context());
    await knowledge.add(shuihu(12), context());
    const withoutCleaning = { ...kettle(24), content: kettle(24).content.replace(/## Cleaning[^]*/, "") };
    const english = await knowledge.trial(
      order(withoutCleaning, [
        "How long is the warranty of the kettle?",
        "How do I clean the kettle?",
        "Can I return opened goods?",
      ]),
      context(),
    );
    expect(quotes(english).map(([outcome]) => outcome)).toEqual(["changed", "lost", "same"]);
    expect(quotes(english)[0]).toEqual([
      "changed",
      "The kettle has a warranty of 12 months.",
      "The kettle has a warranty of 24 months.",
    ]);
    expect(english.summary).toEqual({ same: 1, gained: 0, lost: 1, changed: 1 });
    expect(english.replaces).toMatchObject({ version: 1 });
    const chinese = await knowledge.trial(
      order({ ...shuihu(24), content: `${shuihu(24).content}\n## 除垢剂\n\n水壶不能使用盐酸除垢剂。\n` }, [
        "水壶的保修期多久？",
        "水壶可以使用盐酸除垢剂吗？",
        "怎么清洁水壶？",
      ]),
      context(),
    );
    expect(quotes(chinese).map(([outcome]) => outcome)).toEqual(["changed", "gained", "same"]);
    expect(quotes(chinese)[0]).toEqual(["changed", "水壶的保修期为12个月。", "水壶的保修期为24个月。"]);
  });

  it.each([
    ["without a model", undefined],
    ["with a model", createScriptedModel()],
  ])("answers to the last digit what is answered when the document is live, %s", async (_, model) => {
    const documents: readonly NewDocument[] = [
      kettle(6),
      edited("returns.en.md"),
      edited("returns.zh.md"),
      edited("account.en.md"),
      { ...kettle(9), name: "another kettle.md", audience: ["agent"] },
      { ...shuihu(9), audience: ["agent"] },
      kettle(12),
    ];
    const begin = async () => {
      const harness = createHarness(model ? { model } : {});
      await addSamples(harness);
      await harness.knowledge.add(kettle(12), harness.context());
      await harness.knowledge.add(shuihu(12), harness.context());
      await harness.clock.advance(5_000);
      return harness;
    };
    const tried = await begin();
    for (const document of documents) {
      const live = await begin();
      await live.knowledge.add(document, live.context());
      await live.clock.advance(5_000);
      for (const roles of ["all", new Set<string>(["user"])] as const) {
        const asked = order(document, mixed, roles);
        const { questions } = await tried.knowledge.trial(asked, tried.context());
        expect(questions.map(({ before }) => before)).toEqual(await served(tried, asked));
        expect(questions.map(({ after }) => after)).toEqual(await served(live, asked));
      }
    }
  });

  it("is seen by nobody else, and leaves nothing behind", async () => {
    const memory = createMemoryStore();
    let commits = 0;
    const commit: typeof memory.commit = (operation, given) => {
      commits += 1;
      return memory.commit(operation, given);
    };
    const harness = createHarness({ store: { ...memory, commit }, model: createScriptedModel() });
    const { knowledge, context, clock } = harness;
    await addSamples(harness);
    await knowledge.add(kettle(12), context());
    await clock.advance(5_000);
    const before = await countsOf(harness);
    const asked = order(kettle(24), ["How long is the warranty of the kettle?"]);
    const answered = await served(harness, asked);
    const commitsBefore = commits;
    const tried = knowledge.trial(asked, context());
    for (let turn = 0; turn < 20; turn += 1) expect(await served(harness, asked)).toEqual(answered);
    const { document } = await tried;
    expect(await served(harness, asked)).toEqual(answered);
    expect(await countsOf(harness)).toEqual(before);
    expect(commitsBefore).toBeGreaterThan(0);
    expect(commits).toBe(commitsBefore);
    await expect(knowledge.get(document.documentId, context())).rejects.toMatchObject({ code: "document_not_found" });
    await expect(knowledge.passage(`${document.documentId}.0`, context())).rejects.toMatchObject({
      code: "passage_not_found",
    });
  });

  it("ends where it is when it is cut off, leaves nothing behind and gives its place back", async () => {
    const harness = createHarness();
    const { knowledge, context } = harness;
    await addSamples(harness);
    await knowledge.add(kettle(12), context());
    const before = await countsOf(harness);
    let cut = 0;
    for (let turns = 0; turns < 60; turns += 3) {
      const leaving = new AbortController();
      const tried = knowledge.trial(order(edited("returns.en.md"), mixed), context(leaving.signal));
      const ended = tried.then(
        () => "answered",
        (error: unknown) => (error as LayerError).errorClass,
      );
      for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      leaving.abort();
      const end = await ended;
      if (end !== "answered") cut += 1;
      expect(["answered", "aborted"]).toContain(end);
      expect(await countsOf(harness)).toEqual(before);
    }
    expect(cut).toBeGreaterThan(5);
  });

  it("goes by the local vectors where a model does not make those of the document", async () => {
    const model = createScriptedModel();
    model.poison.set("24 months", "invalid_request");
    const mirror = createMemoryVectors();
    const compared: string[] = [];
    const query: typeof mirror.query = (space, ...rest) => {
      compared.push(space);
      return mirror.query(space, ...rest);
    };
    const harness = createHarness({ model, mirror: { ...mirror, query } });
    const { knowledge, context, clock } = harness;
    await knowledge.add(kettle(12), context());
    await clock.advance(5_000);
    const asked = order(kettle(24), ["How long is the warranty of the kettle?"]);
    expect(quotes(await knowledge.trial(asked, context()))[0]?.[2]).toBe("The kettle has a warranty of 24 months.");
    expect(compared).toEqual(["model-a", "hash-7-512"]);
    expect(await countsOf(harness)).toMatchObject({ documents: 1, vectors: [2, 2] });
  });

  it.each([0, 1, 2, 3])(
    "ends with a timeout when the deadline passes during search %i, and gives no outcome",
    async (at) => {
      const clock = createManualClock();
      const words = createLexicalReranker();
      let searches = 0;
      const score: typeof words.score = async (...given) => {
        searches += 1;
        if (searches === at) await clock.advance(900);
        return words.score(...given);
      };
      const { knowledge, context } = createHarness({ clock, rerankers: [{ ...words, score }] });
      await knowledge.add(kettle(12), context());
      const question = "How long is the warranty of the kettle?";
      const given = createContext({ clock, requestId: "test", deadlineMs: 900 });
      if (at === 0) await clock.advance(900);
      await expect(knowledge.trial(order(kettle(24), [question, question]), given)).rejects.toMatchObject({
        errorClass: "timeout",
      });
      expect(searches).toBe(at);
    },
  );

  it("asks a model again that failed once, and marks what was searched by other vectors", async () => {
    const scripted = createScriptedModel();
    let asked = 0;
    let failing = 0;
    const embed: typeof scripted.embed = async (texts, kind, ...rest) => {
      if (kind === "query") asked += 1;
      if (kind === "query" && asked === failing) throw new LayerError("server", "once");
      return scripted.embed(texts, kind, ...rest);
    };
    const model = { ...scripted, embed };
    const { knowledge, context, clock } = createHarness({ model });
    await knowledge.add(kettle(12), context());
    await clock.advance(5_000);
    const questions = ["How long is the warranty of the kettle?", "How do I clean the kettle?"];
    const comparable = ({ questions: tried }: Trial) => tried.map((question) => question.comparable);
    const sound = await knowledge.trial(order(kettle(24), questions), context());
    expect([comparable(sound), sound.degradation]).toEqual([[true, true], []]);
    const given = context();
    asked = 0;
    failing = 2;
    const once = await knowledge.trial(order(kettle(24), questions), given);
    expect(comparable(once)).toEqual([true, true]);
    expect(once.degradation).toMatchObject([{ layer: "embeddings", by: "hash" }]);
    expect(given.failed.size).toBe(0);
    expect(asked).toBe(6);
    model.poison.set("24 months", "invalid_request");
    expect(comparable(await knowledge.trial(order(kettle(24), questions), context()))).toEqual([false, false]);
  });

  it("begins again once when what is live under the name changes, and is refused when it changes again", async () => {
    const words = createLexicalReranker();
    let changes: NewDocument[] = [];
    const score: typeof words.score = async (...given) => {
      const next = changes.shift();
      if (next) await knowledge.add(next, context());
      return words.score(...given);
    };
    const { knowledge, context } = createHarness({ rerankers: [{ ...words, score }] });
    await knowledge.add(kettle(12), context());
    const asked = order(kettle(24), ["How long is the warranty of the kettle?"], new Set(["user"]));
    changes = [kettle(18)];
    const tried = await knowledge.trial(asked, context());
    expect(quotes(tried)[0]?.slice(1)).toEqual([
      "The kettle has a warranty of 18 months.",
      "The kettle has a warranty of 24 months.",
    ]);
    expect(tried.replaces?.version).toBe(2);
    changes = [{ ...kettle(18), audience: ["agent"] }];
    expect((await knowledge.trial(asked, context())).document.audience).toEqual(["agent"]);
    changes = [kettle(12), kettle(13), kettle(14)];
    await expect(knowledge.trial({ ...asked, roles: "all" }, context())).rejects.toMatchObject({
      code: "document_superseded",
    });
  });

  it("is refused as adding is where the live version cannot be read and no audience is given", async () => {
    const store = createMemoryStore();
    const { knowledge, context } = createHarness({ store });
    const { documentId } = await knowledge.add({ ...kettle(12), audience: ["agent"] }, context());
    const other = createHarness({ store }).knowledge;
    const asked = order(kettle(24), ["How long is the warranty of the kettle?"]);
    expect((await other.trial(asked, context())).document.audience).toEqual(["agent"]);
    const writes = [{ kind: "put", collection: "documents", key: documentId, value: { odd: true } }] as const;
    await store.commit({ id: "odd", writes }, context());
    const refusal = { code: "invalid_request", field: "audience" };
    await expect(other.add(kettle(24), context())).rejects.toMatchObject(refusal);
    await expect(other.trial(asked, context())).rejects.toMatchObject(refusal);
    const told = order({ ...kettle(24), audience: ["user"] }, asked.questions);
    expect((await other.trial(told, context())).document.audience).toEqual(["user"]);
  });

  it("runs twice at a time, and not three times", async () => {
    const { knowledge, context } = createHarness();
    const asked = order(kettle(24), ["How long is the warranty of the kettle?"]);
    const [one, two, three] = [1, 2, 3].map(() => knowledge.trial(asked, context()));
    await expect(three).rejects.toMatchObject({ code: "overloaded", retryAfterS: 5 });
    expect((await Promise.all([one, two])).map((trial) => trial?.summary.gained)).toEqual([1, 1]);
    expect((await knowledge.trial(asked, context())).replaces).toBeNull();
  });

  it("takes up to 500 passages and 50 questions, and refuses what is more, empty or unreadable", async () => {
    const { knowledge, context } = createHarness();
    const long = (sections: number) => ({
      name: "long.md",
      content: Array.from({ length: sections }, (_, at) => `# Part ${at}\n\nPart ${at} is ${at} metres long.\n`).join(
        "\n",
      ),
    });
    const question = "How long is part 7?";
    const refusal = async (document: NewDocument, questions: readonly string[]) =>
      knowledge.trial(order(document, questions), context()).then(
        () => "answered",
        (error: unknown) => (error as { readonly code?: string }).code,
      );
    expect(await refusal(long(500), [question])).toBe("answered");
    expect(await refusal(long(501), [question])).toBe("payload_too_large");
    const few = long(3);
    expect(
      await refusal(
        few,
        Array.from({ length: 50 }, () => question),
      ),
    ).toBe("answered");
    expect(
      await refusal(
        few,
        Array.from({ length: 51 }, () => question),
      ),
    ).toBe("invalid_request");
    expect(await refusal(few, [])).toBe("invalid_request");
    expect(await refusal(few, [" "])).toBe("invalid_request");
    expect(await refusal(few, ["a".repeat(2_001)])).toBe("invalid_request");
    expect(await refusal({ name: "empty.md", content: " " }, [question])).toBe("document_unreadable");
    expect(await refusal({ name: "a/b.md", content: "# A" }, [question])).toBe("invalid_request");
  });
});
