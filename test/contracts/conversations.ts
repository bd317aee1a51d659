import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BeginTurn, Conversations, OpenTurn, Owner, Turn } from "../../src/conversations/conversations.ts";
import { createConversations } from "../../src/conversations/create-conversations.ts";
import { createContext } from "../../src/fallbacks/core/context.ts";
import type { StoreAccess } from "../../src/fallbacks/store/access.ts";
import { Problem } from "../../src/problems.ts";
import type { ManualClock } from "../support/manual-clock.ts";
import { createIds } from "./store-access.ts";

const ann: Owner = { keyId: "key-1", user: "ann/😀" };
const bob: Owner = { keyId: "key-1", user: "bob" };

export interface ConversationsRig {
  readonly access: StoreAccess;
  readonly clock: ManualClock;
}

/** What conversations promise over any store access. */
export function conversationsContract(name: string, create: () => ConversationsRig): void {
  describe(`${name}: conversations contract`, () => {
    let rig: ConversationsRig;
    let conversations: Conversations;
    const newId = createIds();
    const context = () => createContext({ clock: rig.clock, requestId: "test", deadlineMs: 60_000 });
    const again = () => createConversations(rig.access, { clock: rig.clock, newId });

    beforeEach(() => {
      rig = create();
      conversations = again();
    });
    afterEach(() => rig.access.close());

    async function begin(turnId: string, message: string, more: Partial<BeginTurn> = {}): Promise<OpenTurn> {
      const begun = await conversations.begin({ owner: ann, turnId, message, recent: 5, ...more }, context());
      if (!("open" in begun)) throw new Error("a turn that is known already");
      return begun.open;
    }
    const finish = (open: OpenTurn, reply: string, status: "done" | "failed" = "done") =>
      conversations.finish(open, { status, reply, memory: { last: reply } }, context());
    const allTurns = async (sessionId: string, owner = ann) =>
      (await conversations.turns(owner, sessionId, { limit: 100 }, context())).items;
    const problemOf = (work: Promise<unknown>) =>
      work.then(
        () => "none",
        (error: unknown) => (error instanceof Problem ? error.code : String(error)),
      );

    it("keeps a session with its turns, memory and recent history", async () => {
      const first = await begin("t1", "hello\n  there");
      expect(first.sessionId).toMatch(/^ses_[0-9a-f]{32}$/);
      expect(first).toMatchObject({ memory: null, history: [], turn: { turnId: "t1", seq: 1, status: "running" } });
      await finish(first, "hi");
      const { sessionId } = first;
      await finish(await begin("t2", "bad", { sessionId }), "oops", "failed");
      await finish(await begin("t3", "再见", { sessionId }), "bye");
      const fourth = await begin("t4", "more", { sessionId, recent: 1 });
      expect(fourth.memory).toEqual({ last: "bye" });
      expect(fourth.history.map((turn) => turn.turnId)).toEqual(["t3"]);
      expect((await begin("t5", "x", { sessionId })).history.map((turn) => turn.reply)).toEqual(["hi", "bye"]);
      const { items, ...info } = await conversations.turns(ann, sessionId, { limit: 10 }, context());
      expect(info).toMatchObject({ sessionId, title: "hello there", turns: 5, next: null });
      expect(items.map((turn) => [turn.seq, turn.message, turn.status, turn.reply])).toEqual([
        [1, "hello\n  there", "done", "hi"],
        [2, "bad", "failed", "oops"],
        [3, "再见", "done", "bye"],
        [4, "more", "running", null],
        [5, "x", "running", null],
      ]);
    });

    it("finds the recent history behind many turns that failed", async () => {
      const first = await begin("t0", "hello");
      await finish(first, "hi");
      const { sessionId } = first;
      for (let number = 1; number <= 60; number += 1) {
        await finish(await begin(`t${number}`, "x", { sessionId }), "", "failed");
      }
      expect((await begin("last", "x", { sessionId })).history.map((turn) => turn.turnId)).toEqual(["t0"]);
      expect((await begin("none", "x", { sessionId, recent: 0 })).history).toEqual([]);
    });

    it("gives the same turn again for the same id and message, and refuses another message", async () => {
      const open = await begin("t1", "hello");
      const { sessionId } = open;
      const request = { owner: ann, turnId: "t1", message: "hello", recent: 5 };
      expect(await conversations.begin(request, context())).toMatchObject({ sessionId, again: { status: "running" } });
      await finish(open, "hi");
      expect(await conversations.begin({ ...request, sessionId }, context())).toMatchObject({
        sessionId,
        again: { status: "done", reply: "hi", seq: 1 },
      });
      expect(await problemOf(begin("t1", "other"))).toBe("turn_conflict");
      const elsewhere = await begin("t2", "elsewhere");
      expect(await problemOf(begin("t1", "hello", { sessionId: elsewhere.sessionId }))).toBe("turn_conflict");
      expect(await allTurns(sessionId)).toHaveLength(1);
    });

    it("loses neither a turn nor the memory when a begin and a finish of one session meet", async () => {
      let meanwhile: (() => Promise<unknown>) | undefined;
      const access: StoreAccess = {
        ...rig.access,
        async commit(operation, ctx) {
          const first = meanwhile;
          meanwhile = undefined;
          await first?.();
          return rig.access.commit(operation, ctx);
        },
      };
      conversations = createConversations(access, { clock: rig.clock, newId });
      const first = await begin("t1", "one");
      const { sessionId } = first;
      meanwhile = () => begin("t2", "two", { sessionId });
      await finish(first, "answer one");
      const third = await begin("t3", "three", { sessionId });
      expect(third).toMatchObject({ turn: { seq: 3 }, memory: { last: "answer one" } });
      meanwhile = () => finish(third, "answer three");
      expect((await begin("t4", "four", { sessionId })).memory).toEqual({ last: "answer three" });
      expect((await begin("t5", "five", { sessionId })).memory).toEqual({ last: "answer three" });
      expect((await allTurns(sessionId)).map((turn) => turn.turnId)).toEqual(["t1", "t2", "t3", "t4", "t5"]);
    });

    it("begins one turn when the same one is sent twice at the same time", async () => {
      const request = { owner: ann, turnId: "twice", message: "hello", recent: 0 };
      const both = await Promise.all([
        conversations.begin(request, context()),
        conversations.begin(request, context()),
      ]);
      expect(both.filter((begun) => "open" in begun)).toHaveLength(1);
      expect(both.filter((begun) => "again" in begun)).toHaveLength(1);
      expect((await conversations.list(ann, { limit: 10 }, context())).items).toHaveLength(1);
    });

    it("hides what belongs to somebody else, its turn ids too", async () => {
      const { sessionId } = await begin("t1", "secret");
      expect(await problemOf(begin("t2", "x", { owner: bob, sessionId }))).toBe("session_not_found");
      expect(await problemOf(conversations.turns(bob, sessionId, { limit: 5 }, context()))).toBe("session_not_found");
      expect(await problemOf(conversations.remove(bob, sessionId, context()))).toBe("session_not_found");
      expect(await problemOf(begin("t3", "x", { sessionId: "ses_none" }))).toBe("session_not_found");
      expect((await conversations.list(bob, { limit: 5 }, context())).items).toEqual([]);
      const bobs = await begin("t1", "another message under the same id", { owner: bob });
      expect(bobs.sessionId).not.toBe(sessionId);
      const sameUser = { keyId: "key-2", user: ann.user };
      expect(await problemOf(conversations.turns(sameUser, sessionId, { limit: 5 }, context()))).toBe(
        "session_not_found",
      );
      expect(await allTurns(sessionId)).toHaveLength(1);
    });

    it("saves the first outcome and no other", async () => {
      const open = await begin("t1", "hello");
      await finish(open, "first");
      await finish(open, "second");
      const next = await begin("t2", "more", { sessionId: open.sessionId });
      expect(next.memory).toEqual({ last: "first" });
      expect(next.history.map((turn) => turn.reply)).toEqual(["first"]);
    });

    it("shows a turn as failed that an earlier process left running, and lets nobody else's be", async () => {
      const { sessionId } = await begin("t1", "hello");
      conversations = again();
      expect((await allTurns(sessionId)).map((turn) => turn.status)).toEqual(["failed"]);
      const request = { owner: ann, turnId: "t1", message: "hello", recent: 0 };
      await begin("t2", "x", { sessionId });
      expect((await allTurns(sessionId)).map((turn) => turn.status)).toEqual(["failed", "running"]);
      expect(await conversations.begin(request, context())).toMatchObject({ open: { turn: { seq: 1 } } });
    });

    it("runs a failed turn once more for the same request, in its old place", async () => {
      const first = await begin("t1", "hello");
      await finish(first, "hi");
      const { sessionId } = first;
      await finish(await begin("t2", "again?", { sessionId }), "", "failed");
      await finish(await begin("t3", "later", { sessionId }), "yes");
      const reopened = await begin("t2", "again?", { sessionId });
      expect(reopened).toMatchObject({ turn: { seq: 2, status: "running" }, memory: { last: "yes" } });
      expect(reopened.history.map((turn) => turn.turnId)).toEqual(["t1"]);
      await finish(reopened, "now");
      expect((await allTurns(sessionId)).map((turn) => [turn.turnId, turn.status, turn.reply])).toEqual([
        ["t1", "done", "hi"],
        ["t2", "done", "now"],
        ["t3", "done", "yes"],
      ]);
      expect(await problemOf(begin("t2", "other words", { sessionId }))).toBe("turn_conflict");
    });

    it("lists an owner's sessions newest first, in pages", async () => {
      const made: string[] = [];
      for (let number = 0; number < 5; number += 1) {
        made.unshift((await begin(`t${number}`, `session ${number}`)).sessionId);
        await begin(`b${number}`, "not Ann's", { owner: bob });
        await rig.clock.advance(10);
      }
      const seen: string[] = [];
      let after: string | undefined;
      do {
        const start = after === undefined ? {} : { after };
        const page = await conversations.list(ann, { limit: 2, ...start }, context());
        expect(page.items.length).toBeLessThanOrEqual(2);
        seen.push(...page.items.map((info) => info.sessionId));
        after = page.next ?? undefined;
      } while (after !== undefined);
      expect(seen).toEqual(made);
    });

    it("pages through turns, oldest first", async () => {
      const { sessionId } = await begin("t1", "1");
      for (let number = 2; number <= 5; number += 1) await begin(`t${number}`, String(number), { sessionId });
      const first = await conversations.turns(ann, sessionId, { limit: 3 }, context());
      expect(first.items.map((turn) => turn.seq)).toEqual([1, 2, 3]);
      const rest = await conversations.turns(ann, sessionId, { limit: 3, after: first.next ?? "" }, context());
      expect(rest.items.map((turn) => turn.seq)).toEqual([4, 5]);
      expect(rest.next).toBeNull();
      for (const page of [{ limit: 0 }, { limit: 501 }, { limit: 5, after: "" }, { limit: 5, after: "no such" }]) {
        expect(await problemOf(conversations.turns(ann, sessionId, page, context()))).toBe("invalid_request");
      }
    });

    it("deletes a session with everything of it", async () => {
      const { sessionId } = await begin("t0", "hello");
      for (let number = 1; number < 450; number += 1) await begin(`t${number}`, "x", { sessionId, recent: 0 });
      const other = await begin("other", "stays");
      const late = await begin("late", "x", { sessionId, recent: 0 });
      await conversations.remove(ann, sessionId, context());
      await finish(late, "too late");
      expect(await problemOf(allTurns(sessionId))).toBe("session_not_found");
      expect((await conversations.list(ann, { limit: 5 }, context())).items.map((info) => info.sessionId)).toEqual([
        other.sessionId,
      ]);
      for (const collection of ["turns", "turn_index"] as const) {
        const { value } = await rig.access.list({ collection, limit: 10 }, context());
        expect(value).toHaveLength(1);
      }
      expect((await begin("t0", "the id is free again")).turn.seq).toBe(1);
    });

    it("keeps any text: emoji, right to left, NUL, lone halves of a pair", async () => {
      const message = "😀 שלום \u0000 \ud800 \udfff 中文";
      const open = await begin(message, message, { owner: { keyId: message, user: message } });
      await finish(open, message);
      const [turn] = await allTurns(open.sessionId, { keyId: message, user: message });
      expect(turn).toMatchObject({ turnId: message, message, reply: message });
      const long = await begin("long", "a".repeat(79) + "😀😀");
      expect((await conversations.turns(ann, long.sessionId, { limit: 1 }, context())).title).toBe("a".repeat(79));
    });

    it("keeps every acknowledged turn once and in order, however begins and finishes interleave", async () => {
      const step = fc.record({ session: fc.nat(2), finish: fc.boolean(), fail: fc.boolean() });
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { maxLength: 12 }),
          async (rounds) => {
            const sessions = await Promise.all(["a", "b", "c"].map(() => begin(newId(), "start")));
            const running: OpenTurn[] = [...sessions];
            const expected = new Map<string, Map<string, Turn["status"]>>();
            for (const { sessionId, turn } of sessions) expected.set(sessionId, new Map([[turn.turnId, "running"]]));
            for (const round of rounds) {
              // The steps of a round run at the same time.
              const done = round.map(async ({ session, finish: ending, fail }) => {
                const ended = ending ? running.splice(session % Math.max(1, running.length), 1)[0] : undefined;
                if (ended) {
                  const status = fail ? ("failed" as const) : ("done" as const);
                  await finish(ended, ended.turn.turnId, status);
                  expected.get(ended.sessionId)?.set(ended.turn.turnId, status);
                  return;
                }
                const sessionId = sessions[session]?.sessionId ?? "";
                const open = await begin(newId(), "more", { sessionId, recent: 3 });
                expected.get(sessionId)?.set(open.turn.turnId, "running");
                running.push(open);
              });
              await Promise.all(done);
            }
            for (const [sessionId, turns] of expected) {
              const kept = await allTurns(sessionId);
              expect(kept.map((turn) => turn.seq)).toEqual(kept.map((_, index) => index + 1));
              expect(new Map(kept.map((turn) => [turn.turnId, turn.status]))).toEqual(turns);
              expect(kept).toHaveLength(turns.size);
            }
          },
        ),
        { numRuns: 30 },
      );
    });
  });
}
