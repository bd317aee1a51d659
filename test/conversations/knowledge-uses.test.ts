import { describe, expect, it } from "vitest";
import type { KnowledgeUse } from "../../src/conversations/conversations.ts";
import { createKnowledgeUses, type KnowledgeUses, type UsedTurn } from "../../src/conversations/knowledge-uses.ts";
import { sessionKey, turnKey } from "../../src/conversations/records.ts";
import { createUnite } from "../../src/conversations/unite.ts";
import type { StoreAccess } from "../../src/fallbacks/store/access.ts";
import { createTestAccess } from "../contracts/store-access.ts";
import { createScriptedStore } from "../fallbacks/store/scripted-store.ts";
import { createManualClock, type ManualClock, settle } from "../support/manual-clock.ts";
import { ann, contextOf, createPeers, createTalker, newId, problemOf, type Talker } from "./rig.ts";
import { createShared, createSide } from "./split-rig.ts";

const DAY = 86_400_000;
const nearest = [{ documentId: "doc_a", title: "Returns" }];

function unanswered(question: string): KnowledgeUse {
  return { unanswered: [{ question, language: "en", nearest }], cited: [] };
}

const cited = (...documentIds: readonly string[]): KnowledgeUse => ({ unanswered: [], cited: documentIds });

/** A turn from its beginning to its end. Gives the session. */
async function say(
  { begin, conversations }: Talker,
  clock: ManualClock,
  turnId: string,
  knowledge: KnowledgeUse,
  sessionId?: string,
): Promise<string> {
  const open = await begin(turnId, sessionId);
  await conversations.finish(open, { status: "done", reply: turnId, memory: null, knowledge }, contextOf(clock));
  return open.sessionId;
}

async function refused(
  uses: KnowledgeUses,
  clock: ManualClock,
  change: { since?: Date; until?: Date; most?: number } = {},
) {
  const turns: UsedTurn[] = [];
  const range = { since: new Date(0), until: clock.wall(), most: 1_000, ...change };
  for await (const turn of uses.unanswered(range, contextOf(clock))) turns.push(turn);
  return turns;
}

const rowsIn = async (access: Pick<StoreAccess, "list">, clock: ManualClock) =>
  (await access.list({ collection: "knowledge_uses", limit: 1_000 }, contextOf(clock))).value.map(({ key }) => key);

function createOne() {
  const { access, clock } = createTestAccess();
  const talker = createTalker(access, clock);
  return { access, clock, talker, uses: createKnowledgeUses(access, { newId }) };
}

describe("turns by what the knowledge base was to them", () => {
  it("are found with their words, newest first, from one time back to another", async () => {
    const { clock, talker, uses } = createOne();
    const times: Date[] = [];
    for (const turnId of ["t1", "t2", "t3"]) {
      times.push(clock.wall());
      await say(talker, clock, turnId, unanswered(`What of ${turnId}?`));
      await clock.advance(1_000);
    }
    await talker.say("nothing of it");
    await say(talker, clock, "empty", { unanswered: [], cited: [] });
    const ids = async (change: Parameters<typeof refused>[2]) =>
      (await refused(uses, clock, change)).map(({ turnId }) => turnId);
    expect(await ids({})).toEqual(["t3", "t2", "t1"]);
    expect(await ids({ most: 2 })).toEqual(["t3", "t2"]);
    const [, second = new Date(0)] = times;
    const [before, after] = [-1, 1].map((ms) => new Date(second.getTime() + ms));
    expect(await ids({ since: second })).toEqual(["t3", "t2"]);
    expect(await ids({ ...(after && { since: after }) })).toEqual(["t3"]);
    expect(await ids({ until: second })).toEqual(["t2", "t1"]);
    expect(await ids({ ...(before && { until: before }) })).toEqual(["t1"]);
    expect(await refused(uses, clock, { most: 1 })).toMatchObject([
      { turnId: "t3", seq: 1, message: "about t3", reply: "t3", knowledge: unanswered("What of t3?") },
    ]);
  });

  it("are found by the documents that they cite, page by page", async () => {
    const { clock, talker, uses } = createOne();
    let sessionId: string | undefined;
    for (let number = 1; number <= 5; number += 1) {
      sessionId = await say(talker, clock, `t${number}`, cited("doc_a", "doc_b"), sessionId);
      await clock.advance(1_000);
    }
    await say(talker, clock, "other", cited("doc_a2"));
    const pages: string[][] = [];
    let after: string | null = null;
    do {
      const page = { limit: 2, ...(after !== null && { after }) };
      const read: Awaited<ReturnType<KnowledgeUses["citing"]>> = await uses.citing("doc_a", page, contextOf(clock));
      pages.push(read.items.map(({ turnId }) => turnId));
      after = read.next;
    } while (after !== null);
    expect(pages).toEqual([["t5", "t4"], ["t3", "t2"], ["t1"]]);
    const wrong = uses.citing("doc_a", { limit: 2, after: "../turns" }, contextOf(clock));
    expect(await problemOf(wrong)).toBe("invalid_request");
  });

  it("are not of a turn that has failed, nor of one that is running", async () => {
    const { access, clock, talker } = createOne();
    await talker.begin("running");
    const open = await talker.begin("failed");
    const outcome = { status: "failed", reply: null, memory: null, knowledge: unanswered("What?") } as const;
    await talker.conversations.finish(open, outcome, contextOf(clock));
    expect(await rowsIn(access, clock)).toEqual([]);
  });

  it("are gone with their session, and the rows with them, which hold no word of anybody", async () => {
    const { access, clock, talker, uses } = createOne();
    const sessionId = await say(talker, clock, "t1", { ...unanswered("Who is Ann?"), cited: ["doc_a"] });
    await say(talker, clock, "t2", unanswered("What else?"), sessionId);
    await say(talker, clock, "other", cited("doc_a"));
    const { value } = await access.list({ collection: "knowledge_uses", limit: 10 }, contextOf(clock));
    expect(value.map((record) => record.value)).toEqual([{}, {}, {}, {}]);
    await talker.conversations.remove(ann, sessionId, contextOf(clock));
    expect(await rowsIn(access, clock)).toEqual([expect.stringMatching(/^cited\/doc_a\/.*\/other$/)]);
    expect(await refused(uses, clock)).toEqual([]);
    await talker.conversations.removeAll(ann, contextOf(clock));
    expect(await rowsIn(access, clock)).toEqual([]);
  });

  it("are gone with a turn that is not read any more, and the rows with it, if it says when it was", async () => {
    const { access, clock, talker } = createOne();
    const at = clock.wall().toISOString();
    const sessionId = await say(talker, clock, "t1", { ...unanswered("Who is Ann?"), cited: ["doc_a", "doc_b"] });
    const key = turnKey(sessionId, 1, "t1");
    const knowledge = { unanswered: [{ asked: "of a later version" }], cited: ["doc_a", { of: 1 }, "doc_b"] };
    const value = { at, knowledge };
    await access.commit({ id: newId(), writes: [{ kind: "put", collection: "turns", key, value }] }, contextOf(clock));
    await talker.conversations.remove(ann, sessionId, contextOf(clock));
    expect(await rowsIn(access, clock)).toEqual([]);
  });

  it("are given out to whoever asks for all that is kept of them", async () => {
    const { clock, talker } = createOne();
    await say(talker, clock, "t1", unanswered("Do you sell stamps?"));
    const given: (readonly string[] | undefined)[] = [];
    for await (const { turns } of talker.conversations.export(ann, contextOf(clock))) {
      for await (const turn of turns) given.push(turn.unanswered);
    }
    expect(given).toEqual([["Do you sell stamps?"]]);
  });

  it("are not shown once their deletion has begun, and one that cannot be read hides no other", async () => {
    const { access, clock, talker, uses } = createOne();
    const first = await say(talker, clock, "t1", unanswered("One?"));
    const second = await say(talker, clock, "t2", unanswered("Two?"));
    await say(talker, clock, "t3", unanswered("Three?"));
    const { value: session } = await access.get("sessions", sessionKey(first), contextOf(clock));
    const removed = { ...(session?.value as object), removedAt: clock.wall().toISOString() };
    const writes = [
      { kind: "put", collection: "sessions", key: sessionKey(first), value: removed },
      { kind: "put", collection: "turns", key: turnKey(second, 1, "t2"), value: { of: "a later version" } },
      { kind: "put", collection: "knowledge_uses", key: "unanswered/of a later version", value: {} },
    ] as const;
    await access.commit({ id: newId(), writes }, contextOf(clock));
    expect(await refused(uses, clock)).toMatchObject([{ turnId: "t3" }]);
  });
});

describe("turns of processes that did not see one another", () => {
  const clock = createManualClock();
  const unite = createUnite();

  it("are found once where both have answered the same turn, by what stays of it", async () => {
    const past = await createSide(clock, "past", []);
    const sessionId = await past.talker.say("t0");
    const a = await createSide(clock, "a", past.operations);
    const b = await createSide(clock, "b", past.operations);
    await say(a.talker, clock, "same", { ...unanswered("Of a?"), cited: ["doc_a"] }, sessionId);
    await clock.advance(1_000);
    await say(b.talker, clock, "same", unanswered("Of b?"), sessionId);
    for (const [first, last, question] of [
      [a, b, "Of a?"],
      [b, a, "Of b?"],
    ] as const) {
      const shared = await createShared(unite, past.operations);
      for (const operation of [...first.operations, ...last.operations]) await shared.replay(operation);
      const uses = createKnowledgeUses(createTestAccess({ clock, local: shared.store }).access, { newId });
      const found = await refused(uses, clock);
      expect(found.map(({ turnId, knowledge }) => [turnId, knowledge.unanswered[0]?.question])).toEqual([
        ["same", question],
      ]);
      expect(await shared.all("knowledge_uses")).toHaveLength(first === a ? 2 : 1);
      // Sent once more after a crash it changes nothing.
      for (const operation of last.operations) {
        const again = await shared.unite(operation);
        expect(again?.writes.filter(({ collection }) => collection === "knowledge_uses")).toEqual([]);
      }
    }
  });

  it("are found where they were moved to, and not at all in a session that was deleted meanwhile", async () => {
    const past = await createSide(clock, "past", []);
    const sessionId = await past.talker.say("t0");
    const a = await createSide(clock, "a", past.operations);
    const b = await createSide(clock, "b", past.operations);
    await b.talker.say("of b", sessionId);
    await b.talker.begin("same", sessionId);
    await say(a.talker, clock, "same", unanswered("Of a?"), sessionId);
    const shared = await createShared(unite, past.operations);
    for (const operation of [...b.operations, ...a.operations]) await shared.replay(operation);
    const { access } = createTestAccess({ clock, local: shared.store });
    expect(await refused(createKnowledgeUses(access, { newId }), clock)).toMatchObject([{ turnId: "same", seq: 3 }]);
    expect(await shared.all("knowledge_uses")).toHaveLength(1);

    const emptied = await createShared(unite, past.operations);
    const other = createTalker(createTestAccess({ clock, local: emptied.store }).access, clock);
    await other.conversations.remove(ann, sessionId, contextOf(clock));
    for (const operation of a.operations) await emptied.replay(operation);
    expect(await emptied.all("knowledge_uses")).toEqual([]);
  });

  it("are all there after an outage, each once, for both processes", async () => {
    const remote = createScriptedStore();
    const cut = createTestAccess({ remote, unite });
    const other = createTestAccess({ clock: cut.clock, remote: remote.inside, unite });
    const peers = createPeers();
    const a = createTalker(cut.access, cut.clock, peers.join("a"));
    const b = createTalker(other.access, cut.clock, peers.join("b"));
    const sessionId = await say(a, cut.clock, "t1", unanswered("One?"));
    remote.script = "refuse";
    await cut.clock.advance(1_000);
    await say(a, cut.clock, "t2", unanswered("Two?"), sessionId);
    await say(b, cut.clock, "t3", { ...unanswered("Three?"), cited: ["doc_a"] }, sessionId);
    expect(await refused(createKnowledgeUses(cut.access, { newId }), cut.clock)).toHaveLength(2);
    remote.script = "up";
    for (let second = 0; second < 30; second += 1) {
      await cut.clock.advance(1_000);
      await cut.access.get("meta", "x", contextOf(cut.clock));
      await settle();
    }
    expect(cut.access.status().state).toBe("ok");
    for (const { access } of [cut, other]) {
      const found = await refused(createKnowledgeUses(access, { newId }), cut.clock);
      expect(found.map(({ turnId }) => turnId).sort()).toEqual(["t1", "t2", "t3"]);
      expect(await rowsIn(access, cut.clock)).toHaveLength(4);
    }
  });
});

describe("rows of old turns", () => {
  async function trimmed(uses: KnowledgeUses, clock: ManualClock, before: Date, most: number) {
    const bounds = { before, most: { unanswered: most, cited: most } };
    let removed = 0;
    for (let from: Parameters<KnowledgeUses["trim"]>[1] = null; ; ) {
      const step = await uses.trim(bounds, from, contextOf(clock));
      removed += step.removed;
      from = step.next;
      if (from === null) return removed;
    }
  }

  it("go when they are too old, to the millisecond; the turns stay", async () => {
    const { clock, talker, uses } = createOne();
    const at = clock.wall();
    const sessionId = await say(talker, clock, "t1", { ...unanswered("What?"), cited: ["doc_a"] });
    await clock.advance(90 * DAY);
    expect(await trimmed(uses, clock, at, 10)).toBe(0);
    expect(await refused(uses, clock)).toHaveLength(1);
    expect(await trimmed(uses, clock, new Date(at.getTime() + 1), 10)).toBe(2);
    expect(await refused(uses, clock)).toEqual([]);
    const { items } = await talker.conversations.turns(ann, sessionId, { limit: 10 }, contextOf(clock));
    expect(items).toMatchObject([{ turnId: "t1", status: "done" }]);
  });

  it("go when there are too many, the oldest of each kind and of each document, in steps", async () => {
    const { access, clock, talker, uses } = createOne();
    let sessionId: string | undefined;
    for (let number = 0; number < 250; number += 1) {
      const knowledge = { ...unanswered("What?"), cited: number % 10 === 0 ? ["doc_a", "doc_b"] : ["doc_a"] };
      sessionId = await say(talker, clock, `t${number}`, knowledge, sessionId);
      await clock.advance(1);
    }
    expect(await trimmed(uses, clock, new Date(0), 240)).toBe(20);
    const rows = await rowsIn(access, clock);
    const count = (prefix: string) => rows.filter((key) => key.startsWith(prefix)).length;
    expect([count("unanswered/"), count("cited/doc_a/"), count("cited/doc_b/")]).toEqual([240, 240, 25]);
    expect((await refused(uses, clock)).at(-1)).toMatchObject({ turnId: "t10" });
  });
});

describe("rows of old sessions", () => {
  it("go with a session that nobody has touched, however many turns it has", async () => {
    const { access, clock, talker } = createOne();
    let sessionId: string | undefined;
    for (let number = 0; number < 410; number += 1) {
      const knowledge = { ...unanswered("What?"), cited: ["doc_a", "doc_b", "doc_c", "doc_d", "doc_e"] };
      sessionId = await say(talker, clock, `t${number}`, knowledge, sessionId);
    }
    const untouched = clock.wall();
    await clock.advance(1);
    await say(talker, clock, "other", cited("doc_a"));
    const older = (ms: number) =>
      talker.conversations.removeOlder(new Date(untouched.getTime() + ms), { limit: 10 }, contextOf(clock));
    expect(await older(0)).toMatchObject({ sessions: 0 });
    expect(await older(1)).toMatchObject({ sessions: 1, turns: 410 });
    expect(await rowsIn(access, clock)).toEqual([expect.stringMatching(/^cited\/doc_a\/.*\/other$/)]);
  });
});
