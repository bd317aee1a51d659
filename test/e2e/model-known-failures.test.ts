import { afterEach, describe, expect, it, vi } from "vitest";
import { CALLS_OF_A_TURN, type ModelRig, names, patience, startModelRig } from "./model-rig.ts";

/** What routers of models are known to get wrong (issue 4), each shown not to happen through the whole server. */
let rig: ModelRig;
afterEach(() => rig.close());

const body = (message: string) => JSON.stringify({ message });
const CALLERS = 24;
const json = { "content-type": "application/json" };

/** Three failures in a row: the breaker of the first model is open, and its fault stays. */
async function openBreaker(fault: string): Promise<void> {
  rig.fake("primary").fault(fault);
  for (let turn = 1; turn <= 3; turn += 1) expect((await rig.ask()).servedBy).toBe("secondary");
  expect((await rig.candidate()).state).toBe("open");
}

/** The open time is over. Where there are callers, the background check leaves the one permit to them. */
async function halfOpen(): Promise<void> {
  await rig.clock.advance((await rig.restMs()) - 1);
  expect((await rig.ask()).servedBy).toBe("secondary");
  await rig.clock.advance(1);
}

describe("the text of an answer", () => {
  it.each(["500", "401", "400", "429", "html", "error-in-stream", "error-at-start"])(
    "is never that of an error (%s)",
    async (fault) => {
      rig = await startModelRig({ environment: { LLM_FALLBACK: "none" } });
      for (const name of ["primary", "secondary"] as const) rig.fake(name).fault(fault);
      const answer = await rig.answered(rig.ask());
      // What a model refuses for good is the message's fault: nobody should send it again.
      expect(answer.status).toBe(fault === "400" ? 422 : 503);
      expect(JSON.stringify(answer.body)).not.toMatch(/fake model|overloaded|<html>/i);
    },
  );

  // Two calls are well, and the third, which writes the reply, is not.
  it.each(["cut-3", "reset-3", "malformed", "no-terminator", "error-in-stream"])(
    "is whole although its stream is not: %s ends in `restart`, the next model's text, and one `done`",
    async (fault) => {
      rig = await startModelRig();
      rig.fake("primary").fault(`script-ok,ok,${fault},ok`);
      const events = await rig.stream();
      const kinds = events.map(([event]) => event);
      const restart = kinds.indexOf("restart");
      expect(events[restart]?.[1]).toMatchObject({ by: "secondary" });
      expect(kinds.filter((kind) => kind === "done" || kind === "error")).toEqual(["done"]);
      const told = events.slice(restart).flatMap(([event, { text }]) => (event === "token" ? [String(text)] : []));
      expect(events.at(-1)?.[1]).toMatchObject({ reply: told.join(""), served_by: "secondary" });
      expect(told.join("")).toContain("24 months");
      // The one who gives JSON, and never saw the first half, gets the same.
      rig.fake("primary").fault(`script-ok,ok,${fault},ok`);
      expect(await rig.ask()).toMatchObject({ status: 200, servedBy: "secondary", body: { reply: told.join("") } });
      await rig.recovers(10_000);
    },
  );

  it("a stream that stalls is given up after the idle limit", async () => {
    rig = await startModelRig();
    rig.fake("primary").fault("script-ok,ok,stall-3,ok");
    const events = rig.stream();
    await vi.waitFor(() => expect(rig.asked("primary")).toBe(CALLS_OF_A_TURN), patience);
    await rig.clock.advance(10_000);
    expect((await events).at(-1)).toMatchObject(["done", { served_by: "secondary" }]);
    await vi.waitFor(() => expect(rig.fake("primary").open).toBe(0), patience);
  });

  it("a stream that fails before its first piece fails over unseen, and who serves is not masked", async () => {
    rig = await startModelRig();
    rig.fake("primary").fault("script-ok,ok,error-at-start,ok");
    const events = await rig.stream();
    expect(events.map(([event]) => event)).not.toContain("restart");
    const by = new Set(events.flatMap(([event, data]) => (event === "token" ? [data["by"]] : [])));
    expect([...by]).toEqual(["secondary"]);
    expect(events.at(-1)?.[1]).toMatchObject({ served_by: "secondary" });
  });
});

describe("a model that is known to fail", () => {
  it.each([
    ["25 straight 500s", "500", 3],
    ["a dead key", "401", 1],
    ["an empty account that says 400", "quota-400", 1],
    ["a 429 without any header", "429", 1],
  ])(
    "is left alone: %s",
    async (_, fault, asked) => {
      rig = await startModelRig();
      rig.fake("primary").fault(fault);
      for (let turn = 1; turn <= 25; turn += 1) expect((await rig.ask()).servedBy).toBe("secondary");
      expect(rig.asked("primary")).toBe(asked);
    },
    60_000,
  );

  it("a fallback that fails is spared as the first is", async () => {
    rig = await startModelRig({ models: 3 });
    rig.fake("primary").fault("500");
    rig.fake("secondary").fault("429-retry-after-600");
    for (let turn = 1; turn <= 5; turn += 1) expect((await rig.ask()).servedBy).toBe("tertiary");
    expect([rig.asked("primary"), rig.asked("secondary")]).toEqual([3, 1]);
    expect((await rig.candidate("secondary")).state).toBe("cooldown");
  });

  it("everybody cooling down without a time of their own: a 503 with Retry-After, at once", async () => {
    rig = await startModelRig({ environment: { LLM_FALLBACK: "none" } });
    for (const name of ["primary", "secondary"] as const) rig.fake(name).fault("429");
    for (let turn = 1; turn <= 3; turn += 1) {
      // Half of the jitter above a half of 60 s.
      expect(await rig.ask()).toMatchObject({ status: 503, retryAfter: "45" });
    }
    expect([rig.asked("primary"), rig.asked("secondary")]).toEqual([1, 1]);
  });

  it("a prompt that is too long is not sent to a model with a smaller window", async () => {
    rig = await startModelRig({
      models: 3,
      environment: { PRIMARY_LLM_CONTEXT_WINDOW: "100000", SECONDARY_LLM_CONTEXT_WINDOW: "512" },
    });
    rig.fake("primary").fault("context");
    expect((await rig.ask()).servedBy).toBe("tertiary");
    expect(rig.asked("secondary")).toBe(0);
  });
});

describe("time", () => {
  it("of three models that hang, three first-token limits and no more: nothing multiplies", async () => {
    rig = await startModelRig({ models: 3 });
    for (const name of names) rig.fake(name).fault("hang");
    const answer = rig.ask();
    for (const [index, name] of names.entries()) {
      await vi.waitFor(() => expect(rig.asked(name)).toBe(1), patience);
      expect(rig.clock.now()).toBe(index * 5_000);
      await rig.clock.advance(5_000);
    }
    expect(await answer).toMatchObject({ status: 200, servedBy: "mock" });
    expect(names.map((name) => rig.asked(name))).toEqual([1, 1, 1]);
  });

  it.each(["comments-then-hang", "role-then-hang"])(
    "to the first content counts, not between bytes: %s",
    async (fault) => {
      rig = await startModelRig();
      rig.fake("primary").fault(fault);
      const answer = rig.ask();
      await vi.waitFor(() => expect(rig.asked("primary")).toBe(1), patience);
      for (let second = 1; second <= 4; second += 1) {
        await rig.clock.advance(1_000);
        expect(rig.asked("secondary")).toBe(0);
      }
      await rig.clock.advance(1_000);
      expect(await answer).toMatchObject({ status: 200, servedBy: "secondary" });
    },
  );
});

describe("a breaker that is half open", () => {
  it("fault 27, 28: admits one of many, and serves all others at once; the one that hangs has its limit", async () => {
    rig = await startModelRig({ environment: { TURNS_AT_ONCE: "100" } });
    await openBreaker("500");
    const asked = rig.asked("primary");
    rig.fake("primary").fault("hang");
    await halfOpen();
    const answers: (readonly [number, string | null])[] = [];
    const all = Array.from({ length: CALLERS }, async () => {
      const { status, servedBy } = await rig.ask();
      answers.push([status, servedBy]);
    });
    // The clock stands still: whoever waited for the probe would never come back.
    await vi.waitFor(() => expect(answers.length).toBe(CALLERS - 1), { timeout: 20_000 });
    expect(rig.asked("primary") - asked).toBe(1);
    // The one that hangs has its limit, and opens again.
    await rig.clock.advance(5_000);
    await Promise.all(all);
    expect(answers).toEqual(Array.from({ length: CALLERS }, () => [200, "secondary"]));
    expect((await rig.candidate()).state).toBe("open");
    expect(rig.asked("primary") - asked).toBe(1);
  });

  it("fault 30: is not closed by a probe that its client cancelled, and asks again", async () => {
    rig = await startModelRig();
    await openBreaker("500");
    rig.fake("primary").fault("hang");
    const asked = rig.asked("primary");
    const client = new AbortController();
    await halfOpen();
    const gone = fetch(`${rig.url}/api/v1/chat`, {
      method: "POST",
      headers: json,
      body: body("hello"),
      signal: client.signal,
    }).catch((error: unknown) => error);
    await vi.waitFor(() => expect(rig.asked("primary")).toBe(asked + 1), patience);
    client.abort();
    await gone;
    await vi.waitFor(() => expect(rig.fake("primary").open).toBe(0), patience);
    expect((await rig.candidate()).state).toBe("half_open");
    rig.fake("primary").fault(undefined);
    await rig.recovers(0);
  });

  it("is not opened by a request that was the user's fault", async () => {
    rig = await startModelRig();
    await openBreaker("500");
    rig.fake("primary").fault("400");
    await halfOpen();
    expect((await rig.ask()).status).toBeGreaterThanOrEqual(400);
    expect((await rig.candidate()).state).toBe("half_open");
    await rig.recovers(0);
  });
});

describe("money", () => {
  it("a health check spends no tokens, however often it is asked", async () => {
    rig = await startModelRig();
    const before = rig.fake("primary").requests.length;
    for (let round = 1; round <= 100; round += 1) expect((await rig.health()).httpStatus).toBe(200);
    expect(rig.fake("primary").requests.length).toBe(before);
  });

  it("nobody pays after the caller has hung up", async () => {
    rig = await startModelRig();
    rig.fake("primary").fault("drip-1000");
    const client = new AbortController();
    const gone = fetch(`${rig.url}/api/v1/chat/stream`, {
      method: "POST",
      headers: json,
      body: body("How long is the warranty?"),
      signal: client.signal,
    })
      .then((response) => response.text())
      .catch((error: unknown) => error);
    await vi.waitFor(() => expect(rig.fake("primary").open).toBe(1), patience);
    client.abort();
    await gone;
    await vi.waitFor(() => expect(rig.fake("primary").open).toBe(0), patience);
    expect(rig.asked("primary")).toBe(1);
    expect(rig.asked("secondary")).toBe(0);
    expect((await rig.candidate()).state).toBe("ready");
  });
});
