import { describe, expect, it, vi } from "vitest";
import { COMPLETIONS, createRig, startFake, startPair, thrownBy } from "./rig.ts";

const MINUTE = 60_000;

async function served(model: { invoke(text: string): Promise<{ response_metadata: Record<string, unknown> }> }) {
  return (await model.invoke("Hello")).response_metadata["served_by"];
}

describe("FailoverChatModel: who is left alone", () => {
  it("fault 13: a 429 with seconds is a wait of exactly these: not one request before", async () => {
    const { first, model, clock } = await startPair();
    first.fault("429-retry-after-20");
    expect(await served(model)).toBe("second");
    first.fault(undefined);
    await clock.advance(19_900);
    expect(await served(model)).toBe("second");
    expect(first.count(COMPLETIONS)).toBe(1);
    await clock.advance(101);
    expect(await served(model)).toBe("first");
  });

  it("fault 14: a date of three days from now is cut to an hour, and nobody waits for it", async () => {
    const { first, model, clock } = await startPair();
    first.fault(`429-retry-after-date-${3 * 86_400}`);
    expect(await served(model)).toBe("second");
    first.fault(undefined);
    await clock.advance(60 * MINUTE + 1);
    expect(await served(model)).toBe("first");
  });

  it("fault 15: a 429 without a header fails over, and rests all the same", async () => {
    const { first, model, clock } = await startPair({ cooldownMs: 30_000 });
    first.fault("429");
    expect(await served(model)).toBe("second");
    await clock.advance(29_000);
    expect(await served(model)).toBe("second");
    expect(first.count(COMPLETIONS)).toBe(1);
    first.fault(undefined);
    await clock.advance(1_001);
    expect(await served(model)).toBe("first");
  });

  it("fault 16: of two waits that were asked for at the same time the longer one holds", async () => {
    const long = await startFake();
    const second = await startFake();
    const { model, clock } = createRig([
      ["first", long],
      ["second", second],
    ]);
    // Both are on their way before the first refusal is heard, and the two are heard in any order.
    long.fault("script-429-retry-after-40,429-retry-after-2");
    await Promise.all([model.invoke("a"), model.invoke("b")]);
    await clock.advance(3_000);
    expect(await served(model)).toBe("second");
    expect(long.count(COMPLETIONS)).toBe(2);
    expect(model.explain()[0]).toMatchObject({ port: "first", verdict: "cooldown", inMs: 37_000 });
  });

  it("25 straight 500s: after three the model is out of rotation", async () => {
    const { first, model } = await startPair();
    first.fault("500");
    for (let call = 0; call < 25; call += 1) expect(await served(model)).toBe("second");
    expect(first.count(COMPLETIONS)).toBe(3);
    expect(model.status()).toMatchObject({ state: "degraded", by: "second", candidates: [{ state: "open" }, {}] });
  });

  it("a fallback that refuses rests as well", async () => {
    const fakes = [await startFake(), await startFake(), await startFake()] as const;
    const { model } = createRig(fakes.map((fake, index) => [`m${index}`, fake] as const));
    fakes[0].fault("429");
    fakes[1].fault("429");
    for (let call = 0; call < 5; call += 1) expect(await served(model)).toBe("m2");
    expect(fakes.map((fake) => fake.count(COMPLETIONS))).toEqual([1, 1, 5]);
  });

  it("fault 11: a dead key is tried once, not eleven times; the next try is a quarter of an hour later", async () => {
    const { first, model, clock } = await startPair();
    first.fault("401");
    for (let call = 0; call < 11; call += 1) expect(await served(model)).toBe("second");
    expect(first.count(COMPLETIONS)).toBe(1);
    expect(model.status().candidates[0]).toMatchObject({ state: "parked", lastErrorClass: "auth" });
    await clock.advance(15 * MINUTE + 1);
    first.fault(undefined);
    expect(await served(model)).toBe("first");
  });

  it("fault 27: at half-open one call finds out, and all others are served by the fallback at once", async () => {
    const { first, model, clock } = await startPair({ failureThreshold: 1 });
    first.fault("500");
    expect(await served(model)).toBe("second");
    first.fault("hang");
    await clock.advance(5_001);
    const probe = model.invoke("Hello");
    await vi.waitFor(() => expect(first.open).toBe(1));
    const crowd = await Promise.all(Array.from({ length: 20 }, () => served(model)));
    expect(new Set(crowd)).toEqual(new Set(["second"]));
    expect(first.count(COMPLETIONS)).toBe(2);
    // Fault 28: the probe has a limit of its own.
    await clock.advance(15_010);
    expect((await probe).response_metadata["served_by"]).toBe("second");
    expect(model.status().candidates[0]).toMatchObject({ state: "open" });
  });

  it("fault 30: a probe whose caller leaves neither opens nor closes: the next call is the probe", async () => {
    const { first, model, clock } = await startPair({ failureThreshold: 1 });
    first.fault("500");
    expect(await served(model)).toBe("second");
    first.fault("hang");
    await clock.advance(5_001);
    const controller = new AbortController();
    const probe = thrownBy(model.invoke("Hello", { signal: controller.signal }));
    await vi.waitFor(() => expect(first.open).toBe(1));
    controller.abort();
    await probe;
    expect(model.status().candidates[0]).toMatchObject({ state: "half_open" });
    first.fault(undefined);
    expect(await served(model)).toBe("first");
  });

  it("nothing is asked in the background: a check that costs tokens is nobody's", async () => {
    const { first, model, clock } = await startPair({ failureThreshold: 1 });
    first.fault("500");
    await model.invoke("Hello");
    await clock.advance(60 * MINUTE);
    expect(first.requests).toHaveLength(1);
  });

  it("a smaller window is passed over, not asked the same thing", async () => {
    const small = await startFake();
    const large = await startFake();
    const { model } = createRig([
      ["first", await startFake()],
      ["small", small, { contextWindow: 100 }],
      ["large", large, { contextWindow: 10_000 }],
    ]);
    expect(model.explain().map(({ verdict }) => verdict)).toEqual(["serves", "stands_by", "stands_by", "stands_by"]);
    const { model: strict } = createRig([
      ["small", small, { contextWindow: 100 }],
      ["large", large, { contextWindow: 10_000 }],
    ]);
    expect(await served(strict)).toBe("small");
    const reply = await strict.invoke("word ".repeat(500));
    expect(reply.response_metadata).toMatchObject({ served_by: "large", attempts: [{ model: "large" }] });
    expect(small.count(COMPLETIONS)).toBe(1);
    expect(await thrownBy(strict.invoke("字".repeat(20_000)))).toMatchObject({
      errorClass: "context_overflow",
      attempts: [],
      message: "no model answered (small: window, large: window)",
    });
    expect(strict.status().state).toBe("ok");
  });

  it("a prompt that was too long for one is not sent to one with a window that is no larger", async () => {
    const fakes = [await startFake(), await startFake(), await startFake()] as const;
    const { model } = createRig([
      ["a", fakes[0], { contextWindow: 8_000 }],
      ["b", fakes[1], { contextWindow: 8_000 }],
      ["c", fakes[2], { contextWindow: 32_000 }],
    ]);
    fakes[0].fault("context");
    expect(await served(model)).toBe("c");
    expect(fakes[1].count(COMPLETIONS)).toBe(0);
  });

  it("tells what happens: failovers, rests, breakers, attempts", async () => {
    const { first, model, events } = await startPair();
    first.fault("429");
    await model.invoke("Hello");
    expect(events).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: "attempt", by: "first", errorClass: "rate_limited" }),
        expect.objectContaining({ kind: "rest", by: "first", rest: "cooldown" }),
        expect.objectContaining({ kind: "failover", from: "first", to: "second", cause: "rate_limited" }),
      ]),
    );
  });
});
