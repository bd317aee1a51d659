import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BeginTurn, Conversations, OpenTurn, Owner, Turn } from "../../src/conversations/conversations.ts";
import { createConversations } from "../../src/conversations/create-conversations.ts";
import { createContext } from "../../src/fallbacks/core/context.ts";
import type { StoreAccess } from "../../src/fallbacks/store/access.ts";
import { Problem } from "../../src/problems.ts";
import type { ManualClock } from "../support/manual-clock.ts";
import { whileTimePasses } from "../support/while-time-passes.ts";
import { createIds } from "./store-access.ts";

const ann: Owner = { keyId: "key-1", user: "ann/😀" };
const bob: Owner = { keyId: "key-1", user: "bob" };

export interface ConversationsRig {
  readonly access: StoreAccess;
  readonly clock: ManualClock;
}

/** What conversations promise over any store access. */
export function conversationsContract(name: string, create: () => ConversationsRig | Promise<ConversationsRig>): void {
  describe(`${name}: conversations contract`, () => {
    let rig: ConversationsRig;
    let conversations: Conversations;
    const newId = createIds();
    const context = (deadlineMs = 3_600_000) => createContext({ clock: rig.clock, requestId: "test", deadlineMs });
    const again = () => createConversations(rig.access, { clock: rig.clock, newId });

    beforeEach(async () => {
      rig = await create();
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
    /** A turn from its beginning to its end. */
    async function say(turnId: string, message: string, more: Partial<BeginTurn> = {}): Promise<OpenTurn> {
      const open = await begin(turnId, message, more);
      await finish(open, turnId);
      return open;
    }
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
      await finish(fourth, "", "failed");
      expect((await begin("t5", "x", { sessionId })).history.map((turn) => turn.reply)).toEqual(["hi", "bye"]);
      const { items, ...info } = await conversations.turns(ann, sessionId, { limit: 10 }, context());
      expect(info).toMatchObject({ sessionId, title: "hello there", turns: 5, next: null });
      expect(items.map((turn) => [turn.seq, turn.message, turn.status, turn.reply])).toEqual([
        [1, "hello\n  there", "done", "hi"],
        [2, "bad", "failed", "oops"],
        [3, "再见", "done", "bye"],
        [4, "more", "failed", ""],
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
      const last = await begin("last", "x", { sessionId });
      expect(last.history.map((turn) => turn.turnId)).toEqual(["t0"]);
      await finish(last, "", "failed");
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

    it("a turn waits for the one before it, and sees what that one left", async () => {
      const first = await begin("t1", "one");
      const { sessionId } = first;
      let second: OpenTurn | undefined;
      const waiting = begin("t2", "two", { sessionId }).then((open) => {
        second = open;
      });
      await rig.clock.advance(2_000);
      expect(second).toBeUndefined();
      await finish(first, "answer one");
      await whileTimePasses(rig.clock, waiting);
      expect(second).toMatchObject({ turn: { seq: 2 }, memory: { last: "answer one" } });
      expect(second?.history.map((turn) => turn.reply)).toEqual(["answer one"]);
    });

    it("a turn that waits for too long, or for nobody, is not saved", async () => {
      const { sessionId } = await begin("t1", "one");
      const request = { owner: ann, sessionId, turnId: "t2", message: "two", recent: 0 };
      const late = problemOf(conversations.begin(request, context(500)));
      const client = new AbortController();
      const gone = problemOf(conversations.begin(request, { ...context(), signal: client.signal }));
      await rig.clock.advance(400);
      client.abort();
      expect(await whileTimePasses(rig.clock, gone)).toContain("the caller went away");
      expect(await whileTimePasses(rig.clock, late)).toBe("deadline_exceeded");
      expect(await allTurns(sessionId)).toHaveLength(1);
    });

    it("begins once more when somebody else has written to the session meanwhile", async () => {
      const { sessionId } = await say("t1", "one");
      const other = again();
      let meanwhile: (() => Promise<unknown>) | undefined = async () => {
        const begun = await other.begin({ owner: ann, turnId: "t2", message: "two", recent: 0, sessionId }, context());
        if ("open" in begun) {
          await other.finish(begun.open, { status: "done", reply: "two", memory: { last: "two" } }, context());
        }
      };
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
      const third = await begin("t3", "three", { sessionId });
      expect(third).toMatchObject({ turn: { seq: 3 }, memory: { last: "two" } });
      expect((await allTurns(sessionId)).map((turn) => turn.turnId)).toEqual(["t1", "t2", "t3"]);
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

    it("fault 54: a turn that an earlier process left running was interrupted, and can be asked again", async () => {
      const { sessionId } = await begin("t1", "hello");
      conversations = again();
      expect((await allTurns(sessionId)).map((turn) => [turn.message, turn.status])).toEqual([
        ["hello", "interrupted"],
      ]);
      const second = await begin("t2", "x", { sessionId });
      expect((await allTurns(sessionId)).map((turn) => turn.status)).toEqual(["interrupted", "running"]);
      await finish(second, "y");
      conversations = again();
      expect((await allTurns(sessionId)).map((turn) => turn.status)).toEqual(["interrupted", "done"]);
      const anew = await begin("t1", "hello");
      expect(anew).toMatchObject({ sessionId, turn: { seq: 1, turnId: "t1" }, memory: { last: "y" } });
      await finish(anew, "at last");
      expect((await allTurns(sessionId)).map((turn) => [turn.seq, turn.reply])).toEqual([
        [1, "at last"],
        [2, "y"],
      ]);
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
      const { sessionId } = await say("t1", "1");
      for (let number = 2; number <= 5; number += 1) await say(`t${number}`, String(number), { sessionId });
      const first = await conversations.turns(ann, sessionId, { limit: 3 }, context());
      expect(first.items.map((turn) => turn.seq)).toEqual([1, 2, 3]);
      const rest = await conversations.turns(ann, sessionId, { limit: 3, after: first.next ?? "" }, context());
      expect(rest.items.map((turn) => turn.seq)).toEqual([4, 5]);
      expect(rest.next).toBeNull();
      const newest = await conversations.turns(ann, sessionId, { limit: 2, reverse: true }, context());
      expect(newest.items.map((turn) => turn.seq)).toEqual([5, 4]);
      const older = { limit: 3, reverse: true, after: newest.next ?? "" };
      expect(await conversations.turns(ann, sessionId, older, context())).toMatchObject({
        items: [{ seq: 3 }, { seq: 2 }, { seq: 1 }],
        next: null,
      });
      for (const page of [{ limit: 0 }, { limit: 501 }, { limit: 5, after: "" }, { limit: 5, after: "no such" }]) {
        expect(await problemOf(conversations.turns(ann, sessionId, page, context()))).toBe("invalid_request");
      }
    });

    it("deletes a session with everything of it", async () => {
      const { sessionId } = await say("t0", "hello");
      await say("t1", "x", { sessionId });
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

    it("keeps every acknowledged turn once and in order, and each sees all before it, however they come", async () => {
      const step = fc.record({ session: fc.nat(2), fail: fc.boolean() });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 10 }), async (steps) => {
          const sessions = await Promise.all(["a", "b", "c"].map(async () => (await say(newId(), "start")).sessionId));
          const expected = sessions.map(() => new Map<string, Turn["status"]>());
          // All at the same time.
          const work = steps.map(async ({ session, fail }) => {
            const sessionId = sessions[session] ?? "";
            const open = await begin(newId(), "more", { sessionId, recent: 50 });
            const status = fail ? ("failed" as const) : ("done" as const);
            expected[session]?.set(open.turn.turnId, status);
            const seen = open.history.map((turn) => turn.turnId);
            const memory = fail ? open.memory : { seen: [...seen, open.turn.turnId] };
            await conversations.finish(open, { status, reply: seen, memory }, context());
          });
          await whileTimePasses(rig.clock, Promise.all(work));
          for (const [index, sessionId] of sessions.entries()) {
            const kept = await allTurns(sessionId);
            expect(kept.map((turn) => turn.seq)).toEqual(kept.map((_, at) => at + 1));
            expect(new Map(kept.slice(1).map((turn) => [turn.turnId, turn.status]))).toEqual(expected[index]);
            const done = kept.filter((turn) => turn.status === "done").map((turn) => turn.turnId);
            for (const turn of kept.slice(1)) {
              const before = kept.filter((one) => one.seq < turn.seq && one.status === "done");
              expect(turn.reply).toEqual(before.map((one) => one.turnId));
            }
            if (done.length > 1) {
              expect((await begin(newId(), "last", { sessionId })).memory).toEqual({ seen: done });
            }
          }
        }),
        { numRuns: 20 },
      );
    });
  });
}
