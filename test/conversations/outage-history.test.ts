import fc from "fast-check";
import { expect, it } from "vitest";
import type { Conversations } from "../../src/conversations/conversations.ts";
import { readIndex, readSession, readTurn, seqOf } from "../../src/conversations/records.ts";
import { createSerialiser } from "../../src/conversations/serialise.ts";
import { createUnite } from "../../src/conversations/unite.ts";
import { createContext } from "../../src/fallbacks/core/context.ts";
import type { Collection } from "../../src/fallbacks/store/port.ts";
import { Problem } from "../../src/problems.ts";
import { createTestAccess } from "../contracts/store-access.ts";
import { createScriptedStore } from "../fallbacks/store/scripted-store.ts";
import { createManualClock, settle } from "../support/manual-clock.ts";
import { ann, contextOf, createPeers, createTalker } from "./rig.ts";

const process = fc.constantFrom(0, 1);
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("say" as const),
      by: process,
      /** Which of the sessions so far; null: a new one. */
      session: fc.option(fc.nat(9), { freq: 4 }),
      /** Which of the turn ids so far; null: a new one. */
      turn: fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat(9) }),
      answerMs: fc.nat(1_500),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove" as const), by: process, session: fc.nat(9) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("link" as const), script: fc.constantFrom("refuse", "deaf", "up") }),
  },
);
const steps = fc.array(fc.record({ step, waitMs: fc.nat(900) }), { minLength: 10, maxLength: 60, size: "max" });
type Steps = typeof steps extends fc.Arbitrary<infer T> ? T : never;

/** Two processes on one store, to which only the first one's link fails. */
function createTown() {
  const clock = createManualClock();
  const remote = createScriptedStore();
  const buried: string[] = [];
  const shared = {
    clock,
    unite: createUnite(),
    onBuried: ({ reason }: { reason: string }) => void buried.push(reason),
  };
  const accesses = [
    createTestAccess({ ...shared, remote }).access,
    createTestAccess({ ...shared, remote: remote.inside }).access,
  ];
  const peers = createPeers();
  const talkers = accesses.map((access, index) => createTalker(access, clock, peers.join(`process ${index}`)));
  const context = () => createContext({ clock, requestId: "history", deadlineMs: 3_000 });
  const serialiser = createSerialiser({ clock });

  return {
    clock,
    buried,
    context,
    /** As the chat does: one process runs a turn once at a time. */
    exclusive: (by: number, turnId: string, work: () => Promise<void>) =>
      serialiser.run(`${by}/${turnId}`, context(), work),
    conversationsOf: (index: number) => talkers[index === 0 ? 0 : 1]?.conversations ?? expect.fail(),
    link(script: "refuse" | "deaf" | "up") {
      remote.script = script;
      for (const name of peers.alive.keys()) peers.alive.set(name, script === "up" ? true : undefined);
    },
    /** Everybody sees everybody again, for a minute. */
    async heal() {
      this.link("up");
      for (let second = 0; second < 60; second += 1) {
        await clock.advance(1_000);
        for (const access of accesses) await access.get("meta", "x", context());
        await settle();
      }
      expect(accesses.map((access) => access.status().state)).toEqual(["ok", "ok"]);
    },
    all: (collection: Collection) => remote.inside.list({ collection, limit: 1_000 }, contextOf(clock)),
  };
}

/** What was acknowledged to somebody. */
async function act(town: ReturnType<typeof createTown>, all: Steps) {
  const { clock, context } = town;
  const sessions: string[] = [];
  const turnIds: string[] = [];
  const answers: { readonly sessionId: string; readonly turnId: string; readonly reply: string }[] = [];
  /** Whether the deletion was acknowledged, of each session for which it was asked. */
  const removals = new Map<string, boolean>();
  const work: Promise<unknown>[] = [];

  async function say({ by, session, turn, answerMs }: Extract<Steps[number]["step"], { kind: "say" }>) {
    const turnId = (turn === null ? undefined : turnIds.at(turn % (turnIds.length || 1))) ?? `t${turnIds.length}`;
    turnIds.push(turnId);
    const sessionId = session === null ? undefined : sessions.at(session % (sessions.length || 1));
    await town.exclusive(by, turnId, () => answer(town.conversationsOf(by), turnId, sessionId, `${by}`, answerMs));
  }

  async function answer(
    conversations: Conversations,
    turnId: string,
    sessionId: string | undefined,
    by: string,
    answerMs: number,
  ) {
    const asked = { owner: ann, turnId, message: `about ${turnId}`, recent: 5 };
    const begun = await conversations.begin({ ...asked, ...(sessionId !== undefined && { sessionId }) }, context());
    if (!("open" in begun)) return;
    const { open } = begun;
    if (!sessions.includes(open.sessionId)) sessions.push(open.sessionId);
    await new Promise<void>((resolve) => void clock.after(answerMs, resolve));
    const reply = `${turnId} of ${by} at ${clock.now()}`;
    await conversations.finish(open, { status: "done", reply, memory: null }, context());
    answers.push({ sessionId: open.sessionId, turnId, reply });
  }

  async function remove(by: number, session: number) {
    const sessionId = sessions.at(session % (sessions.length || 1));
    if (sessionId === undefined) return;
    removals.set(sessionId, removals.get(sessionId) ?? false);
    await town.conversationsOf(by).remove(ann, sessionId, context());
    removals.set(sessionId, true);
  }

  /** What is refused is not acknowledged; anything else that is thrown is a defect. */
  const tolerant = (done: Promise<void>) =>
    done.catch((error: unknown) => {
      if (!(error instanceof Problem) && !(error instanceof Error && error.name === "LayerError")) throw error;
    });

  for (const { step: one, waitMs } of all) {
    if (one.kind === "link") town.link(one.script);
    else work.push(tolerant(one.kind === "say" ? say(one) : remove(one.by, one.session)));
    await clock.advance(waitMs);
    await settle();
  }
  await town.heal();
  await Promise.all(work);
  await town.heal();
  return { answers, removals };
}

it("fault 45: whatever two processes said and deleted while one was cut off, all that was acknowledged is there once, and what was deleted is not", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const town = createTown();
      const { answers, removals } = await act(town, all);
      // Of deletions that met others' turns something is left, which the daily pass takes.
      for (let day = 0; day < 2; day += 1) {
        await town.conversationsOf(1).removeOlder(new Date(0), { limit: 500 }, contextOf(town.clock));
      }
      expect(town.buried).toEqual([]);
      const sessions = await town.all("sessions");
      const turns = await town.all("turns");
      const index = new Map((await town.all("turn_index")).map(({ key, value }) => [key, readIndex(value)]));
      const placesOf = (turnId: string) => {
        const found = [...index].find(([key]) => key.endsWith(`/${turnId}`))?.[1];
        return found ? [found, ...found.also] : [];
      };
      const isThere = (sessionId: string) => sessions.some(({ key }) => key === `session/${sessionId}`);
      for (const { sessionId, turnId, reply } of answers) {
        if (removals.has(sessionId) && !isThere(sessionId)) continue;
        const found = turns
          .filter(({ key }) => key.startsWith(`${sessionId}/`))
          .map(({ value }) => readTurn(value))
          .filter((turn) => turn.turnId === turnId);
        expect(found).toMatchObject([{ status: "done" }]);
        expect(found.flatMap((turn) => [turn.reply, ...turn.alternatives.map((other) => other.reply)])).toContain(
          reply,
        );
        expect(placesOf(turnId)).toContainEqual(expect.objectContaining({ sessionId }));
      }
      for (const [sessionId, acknowledged] of removals) {
        if (!acknowledged) continue;
        expect(sessions.filter(({ key }) => key.endsWith(`/${sessionId}`))).toEqual([]);
        expect(turns.filter(({ key }) => key.startsWith(`${sessionId}/`))).toEqual([]);
        expect(JSON.stringify([...index])).not.toContain(sessionId);
      }
      for (const { key, value } of sessions.filter((record) => record.key.startsWith("session/"))) {
        const ofSession = turns.filter((turn) => turn.key.startsWith(`${key.slice("session/".length)}/`));
        expect(readSession(value).turns).toBeGreaterThanOrEqual(Math.max(...ofSession.map((turn) => seqOf(turn.key))));
      }
    }),
    // What was found when the time is over is told with its seed.
    { numRuns: 40, interruptAfterTimeLimit: 45_000 },
  );
}, 60_000);
