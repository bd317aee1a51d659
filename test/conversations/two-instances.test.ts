import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { OpenTurn } from "../../src/conversations/conversations.ts";
import { sessionKey } from "../../src/conversations/records.ts";
import { overtaken } from "../contracts/overtaken.ts";
import { createTestAccess } from "../contracts/store-access.ts";
import { whileTimePasses } from "../support/while-time-passes.ts";
import { ann, contextOf, createPeers, createTalker, type FakePeers, problemOf, type Talker } from "./rig.ts";

describe("two processes on one store", () => {
  let rig: ReturnType<typeof createTestAccess>;
  let peers: FakePeers;
  let a: Talker;
  let b: Talker;

  beforeEach(() => {
    rig = createTestAccess();
    peers = createPeers();
    a = createTalker(rig.access, rig.clock, peers.join("a"));
    b = createTalker(rig.access, rig.clock, peers.join("b"));
  });
  afterEach(() => rig.access.close());

  const turnsOf = async (sessionId: string, talker = b) => {
    const page = await talker.conversations.turns(ann, sessionId, { limit: 50 }, contextOf(rig.clock));
    return page.items;
  };
  const request = (turnId: string, sessionId: string) => ({
    owner: ann,
    turnId,
    message: `about ${turnId}`,
    recent: 5,
    sessionId,
  });

  it("fault 62: two turns at once in one session are answered one after the other", async () => {
    const sessionId = await a.say("t1");
    const first = await a.begin("t2", sessionId);
    let second: OpenTurn | undefined;
    const waiting = b.begin("t3", sessionId).then((open) => {
      second = open;
    });
    await rig.clock.advance(5_000);
    expect(second).toBeUndefined();
    await a.finish(first);
    await whileTimePasses(rig.clock, waiting);
    expect(second).toMatchObject({ turn: { seq: 3 }, memory: { last: "t2" } });
    expect(second?.history.map((turn) => turn.turnId)).toEqual(["t1", "t2"]);
  });

  it("fault 62: looks at a session that is busy some ten times a second, and writes nothing meanwhile", async () => {
    const { sessionId } = await a.begin("t1");
    let reads = 0;
    const counted = createTalker(
      {
        ...rig.access,
        get: (...asked) => {
          reads += 1;
          return rig.access.get(...asked);
        },
        commit: () => Promise.reject(new Error("nothing is to be written")),
      },
      rig.clock,
      peers.join("c"),
    );
    const waiting = problemOf(counted.conversations.begin(request("t2", sessionId), contextOf(rig.clock, 2_000)));
    expect(await whileTimePasses(rig.clock, waiting)).toBe("deadline_exceeded");
    expect(reads).toBeLessThan(2 * 2 * 20);
    expect(reads).toBeGreaterThan(2 * 2 * 6);
  });

  /** A process that loses `races` races for the session: before each of its writes, another one says a whole turn. */
  function createLoser(sessionId: string, races: number) {
    const loser = { races: 0, talker: a };
    const commit: typeof rig.access.commit = async (...asked) => {
      if (loser.races < races) {
        loser.races += 1;
        await b.say(`other ${loser.races}`, sessionId);
      }
      return rig.access.commit(...asked);
    };
    loser.talker = createTalker({ ...rig.access, commit }, rig.clock, peers.join("loser"));
    return loser;
  }

  it("a turn that loses many races for its session to other turns is begun behind them", async () => {
    const sessionId = await a.say("t1");
    const { talker } = createLoser(sessionId, 20);
    const turn = await whileTimePasses(rig.clock, talker.begin("mine", sessionId));
    expect(turn).toMatchObject({ turn: { seq: 22 }, memory: { last: "other 20" } });
  });

  it("a turn that loses every race is refused at its deadline, and tries some ten times a second until then", async () => {
    const sessionId = await a.say("t1");
    const loser = createLoser(sessionId, Number.POSITIVE_INFINITY);
    const start = rig.clock.now();
    const refused = problemOf(
      loser.talker.conversations.begin(request("mine", sessionId), contextOf(rig.clock, 2_000)),
    );
    expect(await whileTimePasses(rig.clock, refused)).toBe("too_many_turns");
    expect(rig.clock.now() - start).toBe(2_000);
    expect(loser.races).toBeGreaterThan(2 * 6);
    expect(loser.races).toBeLessThan(2 * 20);
    expect((await turnsOf(sessionId)).map(({ turnId }) => turnId)).not.toContain("mine");
  });

  it("a caller who goes away while a turn loses races is waited for no longer", async () => {
    const sessionId = await a.say("t1");
    const { talker } = createLoser(sessionId, Number.POSITIVE_INFINITY);
    const client = new AbortController();
    const context = { ...contextOf(rig.clock), signal: client.signal };
    const gone = problemOf(talker.conversations.begin(request("mine", sessionId), context));
    await rig.clock.advance(400);
    client.abort();
    expect(await gone).toContain("the caller went away");
  });

  /** Process `a` when somebody else is four times faster to write to the session, and how long it waits. */
  async function slowed(sessionId: string, doing: (talker: Talker) => Promise<unknown>) {
    const row = { collection: "sessions", key: sessionKey(sessionId) } as const;
    const start = rig.clock.now();
    const slower = createTalker(overtaken(rig.access, row, 4), rig.clock, peers.join("a"));
    await whileTimePasses(rig.clock, doing(slower), 0.5);
    return rig.clock.now() - start;
  }

  it("an answer that loses races is saved all the same, after a little longer each time", async () => {
    const open = await a.begin("t1");
    expect(await slowed(open.sessionId, (talker) => talker.finish(open))).toBe(7.5 + 15 + 30);
    expect(await turnsOf(open.sessionId)).toMatchObject([{ turnId: "t1", status: "done" }]);
  });

  it("a deletion that loses races is done all the same, after a little longer each time", async () => {
    const sessionId = await a.say("t1");
    const remove = ({ conversations }: Talker) => conversations.remove(ann, sessionId, contextOf(rig.clock));
    expect(await slowed(sessionId, remove)).toBe(7.5 + 15 + 30);
    expect(await problemOf(turnsOf(sessionId))).toBe("session_not_found");
  });

  it("a deletion that goes on where another one broke off waits after lost races too", async () => {
    const sessionId = await a.say("t1");
    let commits = 0;
    const commit: typeof rig.access.commit = (...asked) => {
      commits += 1;
      return commits === 1 ? rig.access.commit(...asked) : Promise.reject(new Error("killed behind its mark"));
    };
    const killed = createTalker({ ...rig.access, commit }, rig.clock, peers.join("killed"));
    const remove = ({ conversations }: Talker) => conversations.remove(ann, sessionId, contextOf(rig.clock));
    await expect(remove(killed)).rejects.toThrow("killed behind its mark");
    expect(await slowed(sessionId, remove)).toBe(7.5 + 15 + 30);
    expect(await problemOf(turnsOf(sessionId))).toBe("session_not_found");
  });

  it("a deletion that loses every race deletes nothing, and says so", async () => {
    const sessionId = await a.say("t1");
    const row = { collection: "sessions", key: sessionKey(sessionId) } as const;
    const slower = createTalker(overtaken(rig.access, row, 5), rig.clock, peers.join("a"));
    const refused = problemOf(slower.conversations.remove(ann, sessionId, contextOf(rig.clock)));
    expect(await whileTimePasses(rig.clock, refused, 0.5)).toBe("too_many_turns");
    expect(await turnsOf(sessionId)).toHaveLength(1);
  });

  it("fault 54: goes on at once without a turn whose process is no more, which is then interrupted for good", async () => {
    const sessionId = await a.say("t1");
    await a.begin("t2", sessionId);
    expect((await turnsOf(sessionId)).map(({ status, runner }) => [status, runner])).toEqual([
      ["done", "a"],
      ["running", "a"],
    ]);
    peers.alive.delete("a");
    expect((await turnsOf(sessionId)).map(({ status }) => status)).toEqual(["done", "interrupted"]);
    expect(await b.begin("t3", sessionId)).toMatchObject({ turn: { seq: 3 }, memory: { last: "t1" } });
    peers.alive.set("a", true);
    expect((await turnsOf(sessionId)).map(({ status }) => status)).toEqual(["done", "interrupted", "running"]);
  });

  it("of a process about which nobody can tell, waits as long as its turn may take", async () => {
    const { sessionId } = await a.begin("t1", undefined);
    const { sessionId: other } = await a.begin("short", undefined);
    peers.alive.set("a", undefined);
    expect((await turnsOf(sessionId)).map(({ status }) => status)).toEqual(["running"]);
    // The deadline of these turns is an hour, and saving them takes some seconds at most.
    await rig.clock.advance(3_604_000);
    expect((await turnsOf(other)).map(({ status }) => status)).toEqual(["running"]);
    await rig.clock.advance(2_000);
    expect((await turnsOf(other)).map(({ status }) => status)).toEqual(["interrupted"]);
    expect(await b.begin("t2", sessionId)).toMatchObject({ turn: { seq: 2 } });
  });

  it("a process that lives and has lost its turn holds up the others no longer than the turn may take", async () => {
    const { sessionId } = await a.begin("t1");
    await turnsOf(sessionId);
    await rig.clock.advance(3_604_000);
    expect((await turnsOf(sessionId)).map(({ status }) => status)).toEqual(["running"]);
    await rig.clock.advance(2_000);
    expect((await turnsOf(sessionId)).map(({ status }) => status)).toEqual(["interrupted"]);
    // The process itself knows better.
    expect((await turnsOf(sessionId, a)).map(({ status }) => status)).toEqual(["running"]);
  });

  it("fault 31: a wall clock that is set neither ends a turn nor keeps it for ever", async () => {
    const { sessionId } = await a.begin("t1");
    const dayAhead = new Date(rig.clock.wall().getTime() + 86_400_000);
    const dayBehind = new Date(rig.clock.wall().getTime() - 86_400_000);
    rig.clock.setWall(dayAhead);
    expect((await turnsOf(sessionId)).map(({ status }) => status)).toEqual(["running"]);
    rig.clock.setWall(dayBehind);
    peers.alive.set("a", undefined);
    expect((await turnsOf(sessionId)).map(({ status }) => status)).toEqual(["running"]);
    await rig.clock.advance(3_606_000);
    expect((await turnsOf(sessionId)).map(({ status }) => status)).toEqual(["interrupted"]);
  });

  it("the same turn on another process while it runs is that turn, and says who runs it", async () => {
    const { sessionId } = await a.begin("t1");
    const again = { status: "running", runner: "a", turnId: "t1" };
    expect(await b.conversations.begin(request("t1", sessionId), contextOf(rig.clock))).toEqual({
      sessionId,
      elsewhere: true,
      again: expect.objectContaining(again),
    });
    expect(await a.conversations.begin(request("t1", sessionId), contextOf(rig.clock))).toMatchObject({
      elsewhere: false,
      again,
    });
    const gone = { ...request("t1", sessionId), gone: "a" };
    expect(await b.conversations.begin(gone, contextOf(rig.clock))).toMatchObject({
      open: { turn: { seq: 1, runner: "b" } },
    });
  });

  it("a process that has lost one turn may be answering another one of the session", async () => {
    const sessionId = await a.say("t1");
    const failed = await a.begin("t2", sessionId);
    await a.conversations.finish(failed, { status: "failed", reply: null, memory: null }, contextOf(rig.clock));
    await a.begin("t3", sessionId);
    const anew = { ...request("t2", sessionId), gone: "a" };
    const waiting = problemOf(b.conversations.begin(anew, contextOf(rig.clock, 1_000)));
    expect(await whileTimePasses(rig.clock, waiting)).toBe("deadline_exceeded");
  });

  it("the same turn on another process after its own is no more runs anew, in its old place", async () => {
    const { sessionId } = await a.begin("t1");
    peers.alive.delete("a");
    const anew = await b.begin("t1", sessionId);
    expect(anew).toMatchObject({ turn: { seq: 1, runner: "b" } });
    await b.finish(anew, "answer");
    expect(await turnsOf(sessionId)).toMatchObject([{ turnId: "t1", status: "done", reply: "answer", runner: "b" }]);
  });

  it("keeps the answer of a process that was wrongly given up, and not what it would remember", async () => {
    const sessionId = await a.say("t1");
    const slow = await a.begin("t2", sessionId);
    peers.alive.delete("a");
    const third = await b.begin("t3", sessionId);
    await b.finish(third);
    await a.finish(slow);
    expect((await turnsOf(sessionId)).map(({ status, reply }) => [status, reply])).toEqual([
      ["done", "t1"],
      ["done", "t2"],
      ["done", "t3"],
    ]);
    expect((await b.begin("t4", sessionId)).memory).toEqual({ last: "t3" });
  });

  it("keeps both answers of a turn that two processes have answered, and shows the first", async () => {
    const { sessionId, ...slow } = await a.begin("t1");
    peers.alive.delete("a");
    const anew = await b.begin("t1", sessionId);
    await a.finish({ sessionId, ...slow }, "of a");
    await b.finish(anew, "of b");
    await b.finish(anew, "of b");
    expect(await turnsOf(sessionId)).toMatchObject([{ turnId: "t1", status: "done", reply: "of a" }]);
    const { value } = await rig.access.list({ collection: "turns", limit: 10 }, contextOf(rig.clock));
    expect(value.map((record) => record.value)).toMatchObject([
      { reply: "of a", alternatives: [{ message: "about t1", reply: "of b" }] },
    ]);
    const exported: object[] = [];
    for await (const { turns } of a.conversations.export(ann, contextOf(rig.clock))) {
      for await (const turn of turns) exported.push(turn);
    }
    expect(exported).toMatchObject([{ reply: "of a", alternatives: [{ message: "about t1", reply: "of b" }] }]);
  });

  it("a turn of which it is not known whether it was saved is not running, and can be asked again", async () => {
    let inDoubt = false;
    const commit: typeof rig.access.commit = async (...asked) => {
      const served = await rig.access.commit(...asked);
      if (inDoubt) throw new Error("no answer");
      return served;
    };
    const talker = createTalker({ ...rig.access, commit }, rig.clock, peers.join("f"));
    const sessionId = await talker.say("t1");
    inDoubt = true;
    await expect(talker.begin("t2", sessionId)).rejects.toThrow("no answer");
    inDoubt = false;
    expect(await talker.begin("t3", sessionId)).toMatchObject({ turn: { seq: 3 }, memory: { last: "t1" } });
    expect((await turnsOf(sessionId)).map(({ status }) => status)).toEqual(["done", "interrupted", "running"]);
  });

  it("a turn whose outcome could not be saved holds up nobody in its process", async () => {
    let broken = false;
    const commit: typeof rig.access.commit = (...asked) =>
      broken ? Promise.reject(new Error("the disk is full")) : rig.access.commit(...asked);
    const talker = createTalker({ ...rig.access, commit }, rig.clock, peers.join("f"));
    const open = await talker.begin("t1");
    broken = true;
    await expect(talker.finish(open)).rejects.toThrow("the disk is full");
    broken = false;
    expect(await talker.begin("t2", open.sessionId)).toMatchObject({ turn: { seq: 2 } });
    expect((await turnsOf(open.sessionId)).map(({ status }) => status)).toEqual(["interrupted", "running"]);
  });
});
