import { describe, expect, it } from "vitest";
import { createUnite } from "../../src/conversations/unite.ts";
import { createTestAccess } from "../contracts/store-access.ts";
import { createScriptedStore } from "../fallbacks/store/scripted-store.ts";
import { createManualClock, settle } from "../support/manual-clock.ts";
import { ann, contextOf, createPeers, createTalker, problemOf } from "./rig.ts";

/** Two processes on one store; only the first one loses sight of it. */
function createPair() {
  const remote = createScriptedStore();
  const buried: string[] = [];
  const onBuried = ({ reason }: { reason: string }) => void buried.push(reason);
  const unite = createUnite();
  const cut = createTestAccess({ remote, unite, onBuried });
  const { clock } = cut;
  const other = createTestAccess({ clock, remote: remote.inside, unite });
  const peers = createPeers();
  return {
    remote,
    clock,
    buried,
    peers,
    a: createTalker(cut.access, clock, peers.join("a")),
    b: createTalker(other.access, clock, peers.join("b")),
    back: async () => {
      remote.script = "up";
      for (let second = 0; second < 30; second += 1) {
        await clock.advance(1_000);
        await cut.access.get("meta", "x", contextOf(clock));
        await settle();
      }
      expect(cut.access.status().state).toBe("ok");
    },
  };
}

describe("sessions while the shared store is away", () => {
  it("are unknown, not absent, where another process keeps them; and found again afterwards", async () => {
    const clock = createManualClock();
    const remote = createScriptedStore();
    const here = createTalker(createTestAccess({ clock, remote }).access, clock);
    const elsewhere = createTalker(createTestAccess({ clock, remote }).access, clock);
    const theirs = await elsewhere.say("t1");
    const own = await here.say("t2");
    const deleted = await here.say("t3");
    await here.conversations.remove(ann, deleted, contextOf(clock));
    const looking = (sessionId: string) =>
      problemOf(here.conversations.turns(ann, sessionId, { limit: 10 }, contextOf(clock)));

    remote.script = "refuse";
    expect(await looking(theirs)).toBe("store_unavailable");
    expect(await problemOf(here.begin("t4", theirs))).toBe("store_unavailable");
    expect(await problemOf(here.conversations.remove(ann, theirs, contextOf(clock)))).toBe("store_unavailable");
    expect(await looking(own)).toBe("none");
    expect(await looking(deleted)).toBe("session_not_found");

    remote.script = "up";
    await clock.advance(20_000);
    expect(await looking(theirs)).toBe("none");
    expect(await looking("ses_of_nobody")).toBe("session_not_found");
  });

  it("are deleted whole, also the turns that the process that deletes them has never read", async () => {
    const { remote, clock, a, b, back } = createPair();
    const sessionId = await b.say("t1");
    await b.say("t2", sessionId);
    await a.say("t3", sessionId);
    remote.script = "refuse";
    await a.conversations.remove(ann, sessionId, contextOf(clock));
    const looking = (one: typeof a) =>
      problemOf(one.conversations.turns(ann, sessionId, { limit: 1 }, contextOf(clock)));
    expect(await looking(a)).toBe("session_not_found");
    await back();
    expect(await looking(b)).toBe("session_not_found");
    await b.conversations.removeOlder(new Date(0), { limit: 500 }, contextOf(clock));
    for (const collection of ["sessions", "turns", "turn_index"] as const) {
      expect(await remote.inside.list({ collection, limit: 10 }, contextOf(clock))).toEqual([]);
    }
  });

  it("keep a turn id that another session has too when one of them is deleted", async () => {
    const { remote, clock, a, b, back } = createPair();
    const one = await a.say("of a");
    const other = await b.say("of b");
    remote.script = "refuse";
    await a.say("same", one);
    await b.say("same", other);
    await a.conversations.remove(ann, one, contextOf(clock));
    await back();
    await b.conversations.removeOlder(new Date(0), { limit: 500 }, contextOf(clock));
    expect(await b.conversations.sessionOf(ann, "same", contextOf(clock))).toBe(other);
    const request = { owner: ann, turnId: "same", message: "about same", recent: 0, sessionId: other };
    expect(await b.conversations.begin(request, contextOf(clock))).toMatchObject({ again: { reply: "same" } });
  });

  it("have a turn whose id stood in a session that was deleted meanwhile", async () => {
    const { remote, clock, peers, buried, a, b, back } = createPair();
    const sessionId = await a.say("t1");
    remote.script = "refuse";
    // Acknowledged; then its process is killed in the middle of the answer.
    await a.begin("same", sessionId);
    await b.conversations.remove(ann, await b.say("same"), contextOf(clock));
    await b.say("of b", sessionId);
    peers.alive.delete("a");
    await back();
    const { items } = await b.conversations.turns(ann, sessionId, { limit: 10 }, contextOf(clock));
    expect(items.map(({ turnId, status }) => [turnId, status])).toEqual([
      ["t1", "done"],
      ["of b", "done"],
      ["same", "interrupted"],
    ]);
    expect(buried).toEqual([]);
  });
});
