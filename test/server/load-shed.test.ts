import { describe, expect, it, onTestFinished } from "vitest";
import { createAccounts } from "../../src/accounts/accounts.ts";
import { parseApiKeys } from "../../src/accounts/keys.ts";
import type { Chat } from "../../src/graph/chat-types.ts";
import { createLoadShed } from "../../src/server/load-shed.ts";
import { createTurnLimit, shedFirst } from "../../src/server/turn-limit.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { chatReply, gate, postJson, startServer } from "./test-server.ts";

const overloaded = expect.objectContaining({ code: "overloaded", retryAfterS: 1 });
const LOOK_EVERY_MS = 250;

/** Time that stands still unless it is moved, and that can pass without any timer: the event loop is blocked then. */
function rig(maxInFlight = 10) {
  const clock = createManualClock();
  let blocked = 0;
  const shed = createLoadShed({ clock: { ...clock, now: () => clock.now() + blocked }, maxLagMs: 2_000, maxInFlight });
  onTestFinished(() => shed.close());
  return { clock, shed, block: (ms: number) => (blocked += ms) };
}

describe("fault 63: the event loop was blocked", () => {
  it("a turn that is read before any timer runs is refused when a timer is late by more than the limit", () => {
    const { shed, block } = rig();
    block(LOOK_EVERY_MS + 2_000);
    shed.enter();
    block(1);
    expect(() => shed.enter()).toThrow(overloaded);
  });

  it("turns are refused for a second after the late timer, and then taken", async () => {
    const { clock, shed, block } = rig();
    block(2_001);
    await clock.advance(LOOK_EVERY_MS);
    await clock.advance(999);
    expect(() => shed.enter()).toThrow(overloaded);
    await clock.advance(1);
    shed.enter();
  });

  it("a timer that is late by the limit refuses nobody, nor do many that are late by less", async () => {
    const { clock, shed, block } = rig();
    block(2_000);
    await clock.advance(LOOK_EVERY_MS);
    shed.enter();
    for (let round = 0; round < 5; round += 1) {
      block(1_900);
      await clock.advance(LOOK_EVERY_MS);
      shed.enter();
    }
  });

  it("what was closed looks no more", async () => {
    const { clock, shed, block } = rig();
    shed.close();
    expect(clock.pending).toBe(0);
    block(60_000);
    shed.enter();
  });
});

describe("the limit on turns in flight", () => {
  it("refuses one more than it allows, and a place that is given back twice is one place", () => {
    const { shed } = rig(2);
    const leave = shed.enter();
    shed.enter();
    expect(() => shed.enter()).toThrow(overloaded);
    leave();
    leave();
    shed.enter();
    expect(() => shed.enter()).toThrow(overloaded);
  });

  it("comes before the limit of the caller, which does not count what was refused", () => {
    const { shed } = rig(1);
    const limit = shedFirst(shed, createTurnLimit(1));
    const leave = limit.enter("a");
    expect(() => limit.enter("a")).toThrow(overloaded);
    expect(() => limit.enter("b")).toThrow(overloaded);
    leave();
    limit.enter("a")();
    limit.enter("b");
  });

  it("has its place back when the caller's own limit refuses", () => {
    const { shed } = rig(2);
    const limit = shedFirst(shed, createTurnLimit(1));
    limit.enter("a");
    expect(() => limit.enter("a")).toThrow(expect.objectContaining({ code: "too_many_turns" }));
    limit.enter("b");
  });
});

describe("a server with as many turns as it takes", () => {
  const AT_ONCE = 8;
  const MOST = 200;
  const keys = Array.from({ length: MOST / AT_ONCE + 1 }, (_, index) => `key-${index}-of-a-server-that-is-full`);

  it("refuses new ones on every route of turns, lets running ones be joined, and answers all else", async () => {
    const go = gate();
    const full = gate();
    let running = 0;
    const chat: Chat = {
      async run(request, emit) {
        running += 1;
        if (running === MOST) full.open();
        emit?.({ type: "meta", sessionId: "ses_1", turnId: request.turnId ?? "t" });
        await go.opened;
        return chatReply(request);
      },
    };
    const accounts = createAccounts({
      mode: "required",
      keys: parseApiKeys(keys.map((key) => `user:${key}`).join(",")),
    });
    const { url } = await startServer({ chat, accounts, settings: { authMode: "required", turnsAtOnce: AT_ONCE } });
    const ask = (key = "", body: object = {}, path = "api/v1/chat") =>
      postJson(`${url}/${path}`, { message: "hi", ...body }, { "x-api-key": key });
    const [last = "", ...others] = keys.toReversed();
    const turns = Promise.allSettled(
      others.flatMap((key) => Array.from({ length: AT_ONCE }, (_, index) => ask(key, { turn_id: `turn-${index}` }))),
    );
    await full.opened;

    for (const path of ["api/v1/chat", "api/v1/chat/stream"]) {
      const refused = await ask(last, {}, path);
      expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
      expect(await refused.json()).toMatchObject({ code: "overloaded", status: 503, retry_after: 1 });
    }
    const completion = await postJson(
      `${url}/v1/chat/completions`,
      { model: "understudy", messages: [{ role: "user", content: "hi" }] },
      { "x-api-key": last },
    );
    expect([completion.status, completion.headers.get("retry-after")]).toEqual([503, "1"]);
    // The protocol's clients may repeat it by themselves.
    expect(completion.headers.get("x-should-retry")).toBeNull();
    expect(await completion.json()).toMatchObject({ error: { type: "server_error", code: "overloaded" } });

    for (const path of ["livez", "readyz", "health", "", "v1/models", "api/v1/sessions"]) {
      const answer = await fetch(`${url}/${path}`, { headers: { "x-api-key": last } });
      expect([path, answer.status]).toEqual([path, 200]);
    }
    const joined = await ask(others[0], { turn_id: "turn-0" }, "api/v1/chat/stream");
    expect([joined.status, running]).toEqual([200, MOST]);

    go.open();
    const statuses = (await turns).map((turn) => turn.status === "fulfilled" && turn.value.status);
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(await joined.text()).toContain("event: done");
    expect((await ask(last)).status).toBe(200);
  });
});
