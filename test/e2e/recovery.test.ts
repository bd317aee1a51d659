import { describe, expect, it } from "vitest";
import { layerNames } from "../../src/fallbacks/core/status.ts";
import { createStandIns } from "../../src/rehearsal/stand-ins.ts";
import { tenTurns } from "../../src/rehearsal/ten-turns.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { dump } from "../support/store-dump.ts";
import { testApp } from "../support/test-app.ts";

describe("recovery by itself", () => {
  it("after an outage of every layer all is on first ports again, without a restart, and nothing is lost or doubled", async () => {
    const clock = createManualClock();
    const firsts = createStandIns(layerNames, clock);
    // One attempt: the clock stands still during a turn, so nobody would come out of the pause before a second one.
    const app = await testApp({ clock, firsts }, { MAX_ATTEMPTS: "1" });
    const replies: string[] = [];
    let sessionId: string | undefined;
    const ask = async (message: string) => {
      const reply = await app.chat.run({
        requestId: "r",
        owner: { keyId: "k", user: "guest" },
        message,
        signal: new AbortController().signal,
        ...(sessionId !== undefined && { sessionId }),
      });
      sessionId = reply.sessionId;
      replies.push(reply.reply);
      return reply.degradation.map(({ layer }) => layer);
    };
    const [english = []] = tenTurns;

    expect(await ask("你好")).toEqual([]);
    app.faults.set(layerNames.map((layer) => ({ layer, mode: { kind: "refuse" }, probability: 1 })));
    const away = new Set<string>();
    for (const message of english) for (const layer of await ask(message)) away.add(layer);
    expect([...away].sort()).toEqual([...layerNames].sort());

    app.faults.set([]);
    // The longest that a breaker stays open after its first trip, and the store's next replay.
    await clock.advance(6_000);
    expect(await ask("How long is the warranty on the battery? And where is my order LK20260142?")).toEqual([]);
    expect(layerNames.map((name) => app.layers[name].status().state)).toEqual(layerNames.map(() => "ok"));

    const [remote] = firsts.store ?? [];
    if (!remote) throw new Error("there is no remote store");
    const stored = await dump(remote);
    const turns = stored["turns"]?.map(({ value }) => (value as { reply: { reply: string } }).reply.reply);
    expect(turns).toEqual(replies);
    expect(stored["tickets"]?.length).toBeGreaterThan(0);
    await app.close();
  });
});
