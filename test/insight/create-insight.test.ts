import { describe, expect, it } from "vitest";
import type { KnowledgeUse } from "../../src/conversations/conversations.ts";
import { createKnowledgeUses } from "../../src/conversations/knowledge-uses.ts";
import { createHashEmbeddings } from "../../src/fallbacks/embeddings/hash.ts";
import type { Json } from "../../src/fallbacks/store/port.ts";
import { createInsight } from "../../src/insight/create-insight.ts";
import type { UnansweredPage } from "../../src/insight/insight.ts";
import { Problem } from "../../src/problems.ts";
import { createTestAccess } from "../contracts/store-access.ts";
import { contextOf, createTalker, newId, problemOf } from "../conversations/rig.ts";

const DAY = 86_400_000;
const returns = { documentId: "doc_r", title: "Returns" };
const shipping = { documentId: "doc_s", title: "Shipping" };

function createRig() {
  const { access, clock } = createTestAccess();
  const talker = createTalker(access, clock);
  const insight = createInsight({
    uses: createKnowledgeUses(access, { newId }),
    knowledge: {
      get: () => Promise.reject(new Problem("document_not_found", "There is no such document.")),
    },
    local: createHashEmbeddings(),
    clock,
  });
  let turns = 0;
  async function say(knowledge: KnowledgeUse, sessionId?: string, reply: Json = "said") {
    turns += 1;
    const open = await talker.begin(`t${turns}`, sessionId);
    await talker.conversations.finish(open, { status: "done", reply, memory: null, knowledge }, contextOf(clock));
    await clock.advance(1_000);
    return open.sessionId;
  }
  return {
    clock,
    insight,
    say,
    ask: (question: string, language: "en" | "zh" = "en", nearest = [shipping], sessionId?: string) =>
      say({ unanswered: [{ question, language, nearest }], cited: [] }, sessionId),
    look: (page: Partial<Parameters<typeof insight.unanswered>[0]> = {}) =>
      insight.unanswered({ limit: 20, ...page }, contextOf(clock)),
  };
}

describe("questions that nobody could answer", () => {
  it("come in groups, the largest first, with all that is said of them", async () => {
    const { clock, ask, look } = createRig();
    const began = clock.wall().getTime();
    await ask("Is there a student discount?", "en", [returns]);
    const session = await ask("Do you ship to Norway?", "en", [shipping, returns]);
    await ask("do you deliver to norway", "en", [shipping], session);
    await ask("Do you ship to Norway?", "en", []);
    await ask("可以用比特币付款吗？", "zh");
    const found = await look();
    const time = (second: number) => new Date(began + second * 1_000).toISOString();
    expect(found.items).toEqual([
      {
        question: "Do you ship to Norway?",
        count: 3,
        sessions: 2,
        firstAt: time(1),
        lastAt: time(3),
        wordings: ["Do you ship to Norway?", "do you deliver to norway"],
        languages: ["en"],
        nearest: [
          { ...shipping, count: 2 },
          { ...returns, count: 1 },
        ],
      },
      // Of groups of one size the one that was asked last.
      expect.objectContaining({ question: "可以用比特币付款吗？", count: 1, languages: ["zh"] }),
      expect.objectContaining({ question: "Is there a student discount?", nearest: [{ ...returns, count: 1 }] }),
    ]);
    expect(found).toMatchObject({ next: null, questions: 5, more: false });
  });

  it("are in the order in which they were asked where one turn asked them all", async () => {
    const { say, look } = createRig();
    const questions = ["Do you ship to Norway?", "Do you repair watches?", "Is there a sauna?", "可以用比特币付款吗？"];
    const asked = questions.map((question) => ({ question, language: "en" as const, nearest: [] }));
    await say({ unanswered: asked, cited: [] });
    expect((await look()).items.map(({ question }) => question)).toEqual(questions);
  });

  it("are on pages that stay the same while more is asked", async () => {
    const { clock, ask, look } = createRig();
    for (const question of ["Do you ship to Norway?", "Do you repair watches?", "Is there a sauna?"])
      await ask(question);
    const first = await look({ limit: 2 });
    expect(first.items.map(({ question }) => question)).toEqual(["Is there a sauna?", "Do you repair watches?"]);
    await clock.advance(1);
    for (let times = 0; times < 3; times += 1) await ask("Do you ship to Norway?");
    const second: UnansweredPage = await look({ limit: 2, after: first.next ?? "" });
    expect(second).toMatchObject({
      items: [{ question: "Do you ship to Norway?", count: 1 }],
      next: null,
      questions: 3,
    });
    expect(second.since).toBe(first.since);
    expect((await look()).items[0]).toMatchObject({ question: "Do you ship to Norway?", count: 4 });
    expect(await problemOf(look({ after: "x" }))).toBe("invalid_request");
    expect(await problemOf(look({ after: "9999999999999999.1" }))).toBe("invalid_request");
  });

  it("are of the same time on each page, whatever is said of it there", async () => {
    const { clock, ask, look } = createRig();
    const old = clock.wall();
    await ask("Do you ship to Norway?");
    await clock.advance(60 * DAY);
    const since = clock.wall();
    for (const question of ["Do you repair watches?", "Is there a sauna?"]) await ask(question);
    const all = await look({ since: old, limit: 2 });
    const some = await look({ since, limit: 1 });
    const of = ({ items, next, since: oldest }: UnansweredPage) => [
      items.map(({ question }) => question),
      next,
      oldest,
    ];
    for (const said of [{}, { since: old }, { since }]) {
      expect(of(await look({ limit: 2, after: all.next ?? "", ...said }))).toEqual([
        ["Do you ship to Norway?"],
        null,
        old.toISOString(),
      ]);
      expect(of(await look({ limit: 1, after: some.next ?? "", ...said }))).toEqual([
        ["Do you repair watches?"],
        null,
        since.toISOString(),
      ]);
    }
    const ancient = new Date("1900-01-01");
    const first = await look({ since: ancient, limit: 1 });
    expect(await look({ limit: 9, after: first.next ?? "" })).toMatchObject({
      since: ancient.toISOString(),
      questions: 3,
    });
  });

  it("are of the last 30 days, or since when one says, to the millisecond", async () => {
    const { clock, ask, look } = createRig();
    const at = clock.wall();
    await ask("Do you ship to Norway?");
    await clock.advance(30 * DAY - 1_000);
    expect(await look()).toMatchObject({ questions: 1 });
    await clock.advance(1);
    expect(await look()).toMatchObject({ questions: 0, items: [] });
    expect(await look({ since: at })).toMatchObject({ questions: 1 });
    expect(await look({ since: new Date(at.getTime() + 1) })).toMatchObject({ questions: 0 });
  });

  it("show neither mail addresses nor long numbers, and are grouped as if they had none", async () => {
    const { ask, look } = createRig();
    await ask("Where can I have order ORD-20260115-0042 engraved?");
    await ask("Where can I have order ORD-20260116-0907 engraved?");
    await ask("Write to ann@shop.example or 138 0013 8000 about 12345 stamps");
    const { items } = await look();
    expect(items.map(({ question, count }) => [question, count])).toEqual([
      ["Where can I have order … engraved?", 2],
      ["Write to … or … about 12345 stamps", 1],
    ]);
  });

  it("are the newest 3,000 turns of more, and longer wordings are cut between characters", async () => {
    const { ask, say, look } = createRig();
    const nothing = { unanswered: [], cited: [] };
    let session = await say(nothing);
    session = await ask("Is there a sauna?", "en", [], session);
    for (let turn = 0; turn < 2_999; turn += 1) await ask("Do you ship to Norway?", "en", [], session);
    let turnsOfOthers = 0;
    let isOver = false;
    const count = () => {
      turnsOfOthers += 1;
      if (!isOver) setImmediate(count);
    };
    count();
    expect(await look({ limit: 1 })).toMatchObject({ questions: 3_000, more: false });
    isOver = true;
    // At least one after 50 of them.
    expect(turnsOfOthers).toBeGreaterThanOrEqual(60);
    await ask(`${"long ".repeat(59)}word😀 and so on`, "en", [], session);
    const { items, questions, more } = await look();
    expect({ questions, more }).toEqual({ questions: 3_000, more: true });
    expect(items.map(({ question, count }) => [question.slice(-12), count])).toEqual([
      [" to Norway?".padStart(12, "p"), 2_999],
      ["g long word…", 1],
    ]);
  });
});

describe("answers that used a document", () => {
  const source = (documentId: string, quote: string) => ({
    documentId,
    title: "Returns",
    heading: "Opened goods",
    chunkId: `${documentId}#1`,
    start: 10,
    end: 10 + quote.length,
    quote,
    score: 0.9,
  });

  it("are turns with what they cite of it, newest first, page by page", async () => {
    const { clock, say, insight } = createRig();
    const at = clock.wall().toISOString();
    const cited = { unanswered: [], cited: ["doc_r", "doc_s"] };
    const sources = [source("doc_r", "Within 14 days."), source("doc_s", "By post."), source("doc_r", "In the box.")];
    const sessionId = await say(cited, undefined, { reply: "…", sources });
    await say(cited, sessionId, "of another version");
    const first = await insight.answers("doc_r", { limit: 1 }, contextOf(clock));
    expect(first).toMatchObject({ items: [{ turnId: "t2", quotes: [] }], next: expect.any(String) });
    expect(await insight.answers("doc_r", { limit: 1, after: first.next ?? "" }, contextOf(clock))).toEqual({
      items: [
        {
          sessionId,
          turnId: "t1",
          at,
          question: "about t1",
          quotes: [
            { heading: "Opened goods", quote: "Within 14 days.", start: 10, end: 25 },
            { heading: "Opened goods", quote: "In the box.", start: 10, end: 21 },
          ],
        },
      ],
      next: null,
    });
  });

  it("are none of a document that nobody has cited, if there is one", async () => {
    const { clock, insight } = createRig();
    expect(await problemOf(insight.answers("doc_x", { limit: 1 }, contextOf(clock)))).toBe("document_not_found");
  });
});
