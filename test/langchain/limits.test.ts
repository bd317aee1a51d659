import { ChatOpenAI } from "@langchain/openai";
import { describe, expect, it, vi } from "vitest";
import { FailoverError } from "../../src/index.ts";
import { COMPLETIONS, createRig, startFake, startPair, thrownBy } from "./rig.ts";

describe("FailoverChatModel: time", () => {
  it("fault 2: a model that never replies is left at its own limit, which its retries do not multiply", async () => {
    const { first, model, clock } = await startPair({ timeoutMs: 6_000 });
    first.fault("hang");
    const reply = model.invoke("Hello");
    await vi.waitFor(() => expect(first.open).toBe(1));
    await clock.advance(5_999);
    expect(first.open).toBe(1);
    await clock.advance(20);
    expect((await reply).response_metadata).toMatchObject({
      served_by: "second",
      attempts: [{ model: "first", error_class: "timeout" }, { model: "second" }],
    });
    await vi.waitFor(() => expect(first.open).toBe(0));
    expect(first.count(COMPLETIONS)).toBe(1);
  });

  it("limits do not multiply: three hanging models and a timeout of 30 s are over after 30 s", async () => {
    const fakes = [await startFake(), await startFake(), await startFake()];
    for (const fake of fakes) fake.fault("hang");
    const { model, clock } = createRig(
      fakes.map((fake, index) => [`m${index}`, fake] as const),
      { timeoutMs: 600_000 },
    );
    const start = clock.now();
    const ends: number[] = [];
    const failing = thrownBy(model.invoke("Hello", { timeout: 30_000 })).finally(() => ends.push(clock.now()));
    for (let second = 0; second < 31 && ends.length === 0; second += 1) {
      const asked = fakes.reduce((sum, fake) => sum + fake.count(COMPLETIONS), 0);
      await clock.advance(1_000);
      // A request may need a moment to arrive: time stands still for it.
      if (asked < 3) await vi.waitFor(() => expect(fakes.some(({ open }) => open > 0)).toBe(true));
    }
    expect(await failing).toMatchObject({ errorClass: "timeout" });
    expect(Number(ends[0]) - start).toBeLessThanOrEqual(30_500);
  });

  it("a slow failure leaves time: the first model gets half of what is left", async () => {
    const { first, model, clock } = await startPair({ timeoutMs: 600_000 });
    first.fault("hang");
    const reply = model.invoke("Hello", { timeout: 8_000 });
    await vi.waitFor(() => expect(first.open).toBe(1));
    await clock.advance(4_010);
    expect((await reply).response_metadata["served_by"]).toBe("second");
  });

  it("the caller who goes away ends the upstream request, and gets the reason", async () => {
    const { first, second, model } = await startPair({ failureThreshold: 1 });
    first.fault("hang");
    const controller = new AbortController();
    const reply = thrownBy(model.invoke("Hello", { signal: controller.signal }));
    await vi.waitFor(() => expect(first.open).toBe(1));
    controller.abort();
    expect(await reply).toMatchObject({ name: "AbortError" });
    await vi.waitFor(() => expect(first.open).toBe(0));
    expect(second.count(COMPLETIONS)).toBe(0);
    expect(model.status()).toMatchObject({ state: "ok", candidates: [{ state: "ready" }, { state: "ready" }] });
  });

  it("the same for a stream, before and after its first content", async () => {
    const { first, model } = await startPair({ failureThreshold: 1 });
    for (const fault of ["hang", "stall-2"]) {
      first.fault(fault);
      const controller = new AbortController();
      let text = "";
      const reading = thrownBy(
        (async () => {
          for await (const chunk of await model.stream("Hello", { signal: controller.signal })) text += chunk.text;
        })(),
      );
      await vi.waitFor(() => expect(fault === "hang" ? first.open === 1 : text !== "").toBe(true));
      controller.abort();
      expect(await reading).toMatchObject({ name: "AbortError" });
      await vi.waitFor(() => expect(first.open).toBe(0));
    }
    expect(model.status().candidates[0]).toMatchObject({ state: "ready" });
  });

  it("the timeout of a stream limits all that its models may take: silence, half of it", async () => {
    const { first, model, clock } = await startPair({ idleMs: 600_000 });
    first.fault("stall-2");
    let text = "";
    const reading = thrownBy(
      (async () => {
        for await (const chunk of await model.stream("Hello", { timeout: 60_000 })) text += chunk.text;
      })(),
    );
    await vi.waitFor(() => expect(text).not.toBe(""));
    await clock.advance(29_900);
    expect(first.open).toBe(1);
    await clock.advance(200);
    expect(await reading).toMatchObject({ errorClass: "timeout", partial: true });
  });

  it("a signal that is a time limit ends the call as one", async () => {
    const { first, model } = await startPair();
    first.fault("hang");
    const controller = new AbortController();
    const reply = thrownBy(model.invoke("Hello", { signal: controller.signal }));
    await vi.waitFor(() => expect(first.open).toBe(1));
    controller.abort(new DOMException("The time is over.", "TimeoutError"));
    expect(await reply).toMatchObject({ name: "FailoverError", errorClass: "timeout" });
  });

  it("a call whose caller has gone before it began asks nobody", async () => {
    const { first, model } = await startPair();
    expect(await thrownBy(model.invoke("Hello", { signal: AbortSignal.abort() }))).toMatchObject({
      name: "AbortError",
    });
    expect(first.count(COMPLETIONS)).toBe(0);
  });

  it("a model that aborts by itself has failed: that is not the caller", async () => {
    const [fake, second] = [await startFake(), await startFake()];
    class GivesUp extends ChatOpenAI {
      override _generate(): Promise<never> {
        return Promise.reject(Object.assign(new Error("Request was aborted."), { name: "AbortError" }));
      }
    }
    const own = new GivesUp({ model: "fake", apiKey: "unused" });
    const { model } = createRig([
      ["first", fake, { model: own }],
      ["second", second],
    ]);
    expect((await model.invoke("Hello")).response_metadata).toMatchObject({
      served_by: "second",
      attempts: [{ error_class: "timeout" }, {}],
    });
  });

  it("at most maxAttempts models are asked", async () => {
    const fakes = [await startFake(), await startFake(), await startFake(), await startFake()];
    for (const fake of fakes) fake.fault("500");
    const { model } = createRig(
      fakes.map((fake, index) => [`m${index}`, fake] as const),
      { maxAttempts: 2 },
    );
    const error = await thrownBy(model.invoke("Hello"));
    expect((error as FailoverError).attempts.map((attempt) => attempt.model)).toEqual(["m0", "m1"]);
    expect(fakes.map((fake) => fake.count(COMPLETIONS))).toEqual([1, 1, 0, 0]);
  });

  it("fault 9: the last model alone is asked once more", async () => {
    const fake = await startFake();
    const { model, clock } = createRig([["only", fake]]);
    fake.fault("500");
    const reply = thrownBy(model.invoke("Hello"));
    await vi.waitFor(async () => {
      await clock.advance(50);
      expect(fake.count(COMPLETIONS)).toBe(2);
    });
    expect(await reply).toMatchObject({ errorClass: "server", attempts: [{}, {}] });
    expect(fake.count(COMPLETIONS)).toBe(2);
  });
});
