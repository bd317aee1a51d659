import { describe, expect, it } from "vitest";
import { createLexicalReranker } from "../../src/fallbacks/reranker/lexical.ts";
import { addSamples, createHarness, type HarnessOptions } from "../retrieval/harness.ts";
import { form, knowledgePath, knowledgeServer } from "./knowledge-rig.ts";
import { gate } from "./test-server.ts";

const trialPath = `${knowledgePath}/trial`;
const kettle = (months: number) => ({
  name: "kettle.md",
  content: `# Kettle\n\n## Warranty\n\nThe kettle has a warranty of ${months} months.\n`,
});
const shuihu = (months: number) => ({
  name: "水壶.md",
  content: `# 水壶\n\n## 保修\n\n水壶的保修期为${months}个月。\n`,
});

/** A server over a real knowledge base, with what may be left behind in it. */
async function trialServer({ samples = true, ...options }: HarnessOptions & { readonly samples?: boolean } = {}) {
  const harness = createHarness(options);
  if (samples) await addSamples(harness);
  const { knowledge, context, mirror } = harness;
  const live = await knowledge.add(kettle(12), context());
  await knowledge.add(shuihu(12), context());
  let last: Promise<unknown> = Promise.resolve();
  const trial: typeof knowledge.trial = (...given) => {
    const run = knowledge.trial(...given);
    last = run;
    return run;
  };
  const server = await knowledgeServer({ knowledge: { list: (...given) => knowledge.list(...given), trial } });
  const counts = async () => ({
    documents: knowledge.documents,
    chunks: knowledge.chunks,
    revision: knowledge.revision,
    vectors: await mirror.count("hash-7-512", context()),
  });
  return { ...server, live, counts, ended: () => last };
}

describe("a trial over HTTP", () => {
  it("answers for each question what is answered now and what would be, from JSON or a form, in both languages", async () => {
    const { call, live, counts } = await trialServer();
    const before = await counts();
    const question = "How long is the warranty of the kettle?";
    const { status, json } = await call("POST", trialPath, { ...kettle(24), questions: [question, "Who are you?"] });
    expect(status).toBe(200);
    const heading = { title: "Kettle", heading: "Warranty" };
    expect(json).toMatchObject({
      document: { name: "kettle.md", title: "Kettle", chunks: 1, repeated: 0, audience: [] },
      replaces: { document_id: live.documentId, version: 1 },
      summary: { same: 1, gained: 0, lost: 0, changed: 1 },
      questions: [
        {
          question,
          outcome: "changed",
          before: { answerable: true, sentences: [{ ...heading, quote: "The kettle has a warranty of 12 months." }] },
          after: { answerable: true, sentences: [{ ...heading, quote: "The kettle has a warranty of 24 months." }] },
        },
        { question: "Who are you?", outcome: "same", after: { answerable: false, sentences: [] } },
      ],
    });
    const { name, content } = shuihu(24);
    const fields = [["questions", "水壶的保修期多久？\n\n已拆封的商品几天内可以退货？\r\n"]] as const;
    const chinese = await call("POST", trialPath, form([[name, content]], fields));
    expect(chinese.json).toMatchObject({
      summary: { same: 1, gained: 0, lost: 0, changed: 1 },
      questions: [{ after: { sentences: [{ quote: "水壶的保修期为24个月。" }] } }, { outcome: "same" }],
    });
    expect(await counts()).toEqual(before);
    const { items } = (await call("GET", `${knowledgePath}/documents?limit=100`)).json as { items?: object[] };
    expect(items).toHaveLength(before.documents);
  });

  it("asks as whoever has the given roles, and takes the audience that is given", async () => {
    const { call } = await trialServer({ samples: false });
    const questions = ["How long is the warranty of the kettle?"];
    const given = { ...kettle(24), questions, roles: ["user"] };
    expect((await call("POST", trialPath, { ...given, audience: ["agent"] })).json).toMatchObject({
      document: { audience: ["agent"] },
      questions: [{ outcome: "lost" }],
    });
    expect((await call("POST", trialPath, { ...given, roles: ["agent"], audience: ["agent"] })).json).toMatchObject({
      questions: [{ outcome: "changed" }],
    });
    const fields = [
      ["questions", questions.join("\n")],
      ["audience", "agent"],
      ["roles", "user, operator"],
    ] as const;
    const { name, content } = kettle(24);
    expect((await call("POST", trialPath, form([[name, content]], fields))).json).toMatchObject({
      questions: [{ outcome: "lost" }],
    });
  });

  it.each([1, 2, 7])("leaves nothing behind when the request is cut off at search %i", async (at) => {
    const entered = gate();
    let searches = 0;
    const words = createLexicalReranker();
    const score: typeof words.score = (query, texts, context) => {
      searches += 1;
      if (searches !== at) return words.score(query, texts, context);
      entered.open();
      return new Promise((_, reject) => context.signal.addEventListener("abort", () => reject(new Error("left"))));
    };
    const { url, counts, call, ended } = await trialServer({ rerankers: [{ ...words, score }] });
    const before = await counts();
    const questions = Array.from({ length: 5 }, (_, index) => `How long is the warranty of kettle ${index}?`);
    const leaving = new AbortController();
    const sent = fetch(url + trialPath, {
      method: "POST",
      body: JSON.stringify({ ...kettle(24), questions }),
      headers: { "content-type": "application/json" },
      signal: leaving.signal,
    });
    await entered.opened;
    expect(await counts()).toEqual(before);
    leaving.abort();
    await expect(sent).rejects.toThrow();
    await expect(ended()).rejects.toMatchObject({ errorClass: "aborted" });
    expect(searches).toBe(at);
    expect(await counts()).toEqual(before);
    const { json } = await call("POST", trialPath, { ...kettle(24), questions: questions.slice(0, 1) });
    expect(json).toMatchObject({ summary: { changed: 1 } });
  });

  it.each([
    ["no question", {}, "questions"],
    ["an empty list", { questions: [] }, "questions"],
    ["a blank question", { questions: [" "] }, "questions.0"],
    ["51 questions", { questions: Array.from({ length: 51 }, () => "Why?") }, "questions"],
    ["a role that is none", { questions: ["Why?"], roles: ["king"] }, "roles.0"],
  ])("refuses %s, and says what is wrong", async (_, change, field) => {
    const { call } = await knowledgeServer();
    const { status, json } = await call("POST", trialPath, { ...kettle(24), ...change });
    expect([status, json["code"], json["field"]]).toEqual([400, "invalid_request", field]);
  });

  it("takes as many and as long questions in a form as in JSON, and says how much a field takes", async () => {
    const asked: (readonly string[])[] = [];
    const { knowledge } = createHarness();
    const trial: typeof knowledge.trial = (order, given) => {
      asked.push(order.questions);
      return knowledge.trial({ ...order, questions: ["Why?"] }, given);
    };
    const { call } = await knowledgeServer({ knowledge: { trial } });
    const questions = Array.from({ length: 50 }, (_, at) => `${at + 10}`.padEnd(2_000, "壶"));
    const { name, content } = shuihu(24);
    const taken = await call("POST", trialPath, form([[name, content]], [["questions", questions.join("\r\n")]]));
    expect([taken.status, asked]).toEqual([200, [questions]]);
    const refused = await call("POST", trialPath, form([[name, content]], [["questions", "a".repeat(300_101)]]));
    expect(refused.json).toMatchObject({
      code: "invalid_request",
      field: "body",
      detail: "Besides files at most 20 fields are read, each of at most 300100 bytes.",
    });
  });

  it("refuses two files at once, and a form without questions", async () => {
    const { call } = await knowledgeServer();
    const two = form(
      [
        ["a.md", "# A"],
        ["b.md", "# B"],
      ],
      [["questions", "Why?"]],
    );
    expect((await call("POST", trialPath, two)).json).toMatchObject({ code: "invalid_request", field: "file" });
    const none = await call("POST", trialPath, form([["a.md", "# A"]]));
    expect(none.json).toMatchObject({ code: "invalid_request", field: "questions" });
  });
});
