import { getEventListeners } from "node:events";
import { describe, expect, it, vi } from "vitest";
import { type IdleLimit, type Limits, within, withinScope } from "../../../src/fallbacks/core/deadline.ts";
import { LayerError } from "../../../src/fallbacks/core/errors.ts";
import { createManualClock } from "../../support/manual-clock.ts";

type Own = Partial<Pick<Limits, "ms" | "firstMs" | "idleMs">>;

/** A piece of work that only its limits end, and when they did so. */
function hanging(own: Own = {}) {
  const clock = createManualClock();
  const after = vi.spyOn(clock, "after");
  const caller = new AbortController();
  let given: { readonly signal: AbortSignal; readonly idle: IdleLimit } | undefined;
  let end: { readonly at: number; readonly message: string } | undefined;
  const outcome = within({ clock, signal: caller.signal, ms: 1_000, ...own }, (signal, idle) => {
    given = { signal, idle };
    return new Promise<never>(() => {});
  });
  outcome.catch((error: Error) => {
    end = { at: clock.now(), message: error.message };
  });
  if (!given) throw new Error("the work was not begun");
  return { clock, caller, outcome, ...given, ended: () => end, timersSet: () => after.mock.calls.length };
}

describe("a piece of work under limits", () => {
  it("settles as the work does, and leaves no timer and no listener behind", async () => {
    const clock = createManualClock();
    const { signal } = new AbortController();
    const limits = { clock, signal, ms: 1_000, firstMs: 10, idleMs: 10 };
    expect(await within(limits, async () => 7)).toBe(7);
    const broken = new Error("broken");
    await expect(within(limits, () => Promise.reject(broken))).rejects.toBe(broken);
    await expect(
      within(limits, () => {
        throw broken;
      }),
    ).rejects.toBe(broken);
    expect(clock.pending).toBe(0);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("ends at its limit, not a moment before, and aborts its signal with the error that it ends with", async () => {
    const { clock, signal, outcome, ended } = hanging();
    await clock.advance(999);
    expect(ended()).toBeUndefined();
    expect(signal.aborted).toBe(false);
    await clock.advance(1);
    expect(ended()).toEqual({ at: 1_000, message: "no answer within 1000 ms" });
    await expect(outcome).rejects.toMatchObject({ errorClass: "timeout" });
    await expect(outcome).rejects.toBe(signal.reason);
    expect(clock.pending).toBe(0);
  });

  it("ends when the caller goes away, and does not begin when the caller is gone", async () => {
    const { clock, caller, signal, outcome } = hanging({ firstMs: 500 });
    caller.abort(new Error("hung up"));
    await expect(outcome).rejects.toMatchObject({ errorClass: "aborted", cause: { message: "hung up" } });
    expect(signal.reason).toBeInstanceOf(LayerError);
    expect(clock.pending).toBe(0);
    const never = () => Promise.reject(new Error("was begun"));
    await expect(within({ clock, signal: caller.signal, ms: 1_000 }, never)).rejects.toMatchObject({
      errorClass: "aborted",
      cause: { message: "hung up" },
    });
  });

  it("gives work that asks for its signal late one that is aborted by then", async () => {
    const clock = createManualClock();
    let ask = (): AbortSignal => AbortSignal.abort();
    const outcome = withinScope({ clock, signal: new AbortController().signal, ms: 100 }, ({ signal }) => {
      ask = signal;
      return new Promise<never>(() => {});
    });
    const failed = expect(outcome).rejects.toMatchObject({ errorClass: "timeout" });
    await clock.advance(100);
    await failed;
    expect(ask().reason).toMatchObject({ message: "no answer within 100 ms" });
    expect(ask()).toBe(ask());
  });
});

describe("a limit on the wait for the first content", () => {
  it("is over at its time, whatever other signs of life there are", async () => {
    const { clock, idle, ended } = hanging({ firstMs: 300, idleMs: 200 });
    idle.stop();
    for (let i = 0; i < 3; i += 1) {
      await clock.advance(99);
      idle.restart();
    }
    expect(ended()).toBeUndefined();
    await clock.advance(3);
    expect(ended()).toEqual({ at: 300, message: "no first token within 300 ms" });
  });

  it("ends with the beginning, from which silence counts, and which may be said again", async () => {
    const { clock, idle, ended } = hanging({ firstMs: 300, idleMs: 200 });
    await clock.advance(299);
    idle.begin();
    await clock.advance(199);
    idle.begin();
    await clock.advance(199);
    expect(ended()).toBeUndefined();
    await clock.advance(1);
    expect(ended()).toEqual({ at: 698, message: "silent for 200 ms" });
  });

  it("may be longer than the silence that is allowed after it", async () => {
    const { clock, idle, ended } = hanging({ firstMs: 900, idleMs: 50 });
    await clock.advance(100);
    idle.begin();
    await clock.advance(50);
    expect(ended()).toEqual({ at: 150, message: "silent for 50 ms" });
  });

  it("leaves only the whole where no limit on silence follows it", async () => {
    const { clock, idle, ended } = hanging({ firstMs: 300 });
    idle.begin();
    idle.restart();
    await clock.advance(1_000);
    expect(ended()).toEqual({ at: 1_000, message: "no answer within 1000 ms" });
  });
});

describe("a limit on silence", () => {
  it("counts from the start where there is none on the first content, and from each sign of life", async () => {
    const silent = hanging({ idleMs: 200 });
    await silent.clock.advance(200);
    expect(silent.ended()).toEqual({ at: 200, message: "silent for 200 ms" });

    const { clock, idle, ended } = hanging({ idleMs: 200 });
    await clock.advance(150);
    idle.begin();
    await clock.advance(150);
    idle.restart();
    await clock.advance(199);
    expect(ended()).toBeUndefined();
    await clock.advance(1);
    expect(ended()).toEqual({ at: 500, message: "silent for 200 ms" });
  });

  it("is suspended until the next sign of life, but never longer than the whole", async () => {
    const { clock, idle, ended } = hanging({ idleMs: 200 });
    await clock.advance(100);
    idle.stop();
    await clock.advance(500);
    idle.restart();
    await clock.advance(199);
    expect(ended()).toBeUndefined();
    idle.stop();
    await clock.advance(201);
    expect(ended()).toEqual({ at: 1_000, message: "no answer within 1000 ms" });
  });

  it("sets no timer for a sign of life, and none after the end", async () => {
    const { clock, idle, timersSet } = hanging({ firstMs: 300, idleMs: 200 });
    for (let i = 0; i < 100; i += 1) {
      idle.begin();
      await clock.advance(1);
    }
    // The first for the first content, the second when silence, which is allowed for less long, took its place.
    expect(timersSet()).toBe(2);
    expect(clock.pending).toBe(1);

    const over = hanging({ firstMs: 300, idleMs: 200 });
    over.caller.abort();
    await expect(over.outcome).rejects.toMatchObject({ errorClass: "aborted" });
    over.idle.begin();
    over.idle.restart();
    expect(over.clock.pending).toBe(0);
  });
});
