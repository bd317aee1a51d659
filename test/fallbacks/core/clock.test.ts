import { AsyncLocalStorage } from "node:async_hooks";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { systemClock } from "../../../src/fallbacks/core/clock.ts";
import { createSharedTimer } from "../../../src/fallbacks/core/shared-timer.ts";
import { compiledScript } from "../../support/compiled-tree.ts";

// As the file is loaded, before the time of its tests counts.
const script = await compiledScript("test/fallbacks/core/clock-child.ts");
const nextRound = promisify(setImmediate);
/** Keeps the event loop busy for so long, in ms. */
function spin(ms: number): void {
  const until = systemClock.now() + ms;
  while (systemClock.now() < until);
}
const wait = (ms: number) => new Promise<void>((resolve) => systemClock.after(ms, resolve));

describe("the system clock", () => {
  it("never runs a timer before its time on its own measure", async () => {
    const early = await Promise.all(
      Array.from({ length: 60 }, (_, index) => {
        const due = systemClock.now() + 1 + index / 7;
        return new Promise<boolean>((resolve) => {
          systemClock.after(due - systemClock.now(), () => resolve(systemClock.now() < due));
        });
      }),
    );
    expect(early.filter(Boolean)).toEqual([]);
  });

  it("does not run what was cancelled, not even in the moment it was due", async () => {
    const ran: string[] = [];
    const cancel = systemClock.after(1, () => ran.push("cancelled"));
    cancel();
    cancel();
    const first = systemClock.after(2, () => {
      ran.push("first");
      second();
      first();
    });
    const second = systemClock.after(2, () => ran.push("second"));
    spin(5);
    await wait(5);
    expect(ran).toEqual(["first"]);
  });

  it("runs timers in the order of their times, and of their making where those are the same", async () => {
    const ran: string[] = [];
    const note = (ms: number, name: string) => void systemClock.after(ms, () => ran.push(name));
    note(30, "d");
    note(1, "b");
    note(20, "c");
    note(-5, "a");
    note(Number.NaN, "a2");
    await wait(35);
    expect(ran).toEqual(["a", "a2", "b", "c", "d"]);
  });

  it("takes times beyond what setTimeout knows for what they are", async () => {
    const ran: string[] = [];
    const cancels = [2 ** 31, 1e12, Number.POSITIVE_INFINITY].map((ms) =>
      systemClock.after(ms, () => ran.push(`after ${ms} ms`)),
    );
    await wait(5);
    for (const cancel of cancels) cancel();
    expect(ran).toEqual([]);
  });

  it("sets Node's timer anew only for what comes before all others", async () => {
    await nextRound();
    const set = vi.spyOn(globalThis, "setTimeout");
    onTestFinished(() => set.mockRestore());
    const cancels = [2_000, 1_000, 1_500, 3_000].map((ms) => systemClock.after(ms, () => {}));
    for (const cancel of cancels) cancel();
    for (let i = 0; i < 100; i += 1) systemClock.after(10_000, () => {})();
    expect(set).toHaveBeenCalledTimes(2);
  });

  it("looks for input between a timer and one that it sets, however long timers take", async () => {
    await nextRound();
    const ran: string[] = [];
    await new Promise<void>((resolve) => {
      systemClock.after(1, () => {
        systemClock.after(0, () => {
          ran.push("timer");
          resolve();
        });
        setImmediate(() => ran.push("input"));
      });
      // It is due in the same round, and goes on until what was set in it would be due too.
      setTimeout(() => spin(5), 2);
      spin(5);
    });
    expect(ran).toEqual(["input", "timer"]);
  });

  it("looks for input also where the time between a timer and one that it sets is too short to tell", async () => {
    const coarse = createSharedTimer(() => Math.floor(performance.now() / 50));
    for (let i = 0; i < 3; i += 1) {
      const ran: string[] = [];
      await new Promise<void>((resolve) => {
        coarse.after(0, () => {
          coarse.after(0, () => {
            ran.push("timer");
            resolve();
          });
          setImmediate(() => ran.push("input"));
        });
      });
      expect(ran).toEqual(["input", "timer"]);
    }
  });

  it("keeps no async context of who sets a timer", async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    await nextRound();
    await storage.run("a request", async () => {
      systemClock.after(1, () => seen.push(storage.getStore()));
      await wait(2);
      expect(storage.getStore()).toBe("a request");
    });
    expect(seen).toEqual([undefined]);
  });
});

describe("the system clock in a process of its own", () => {
  async function child(task: string): Promise<readonly string[]> {
    const { stdout } = await promisify(execFile)(process.execPath, [script, task]);
    return stdout.split("\n").slice(0, -1);
  }

  it("ends when only background timers are left, and warns of no time that Node cannot wait", async () => {
    expect(await child("background")).toEqual([]);
    expect(await child("cancelled")).toEqual([]);
    expect(await child("ran")).toEqual(["foreground"]);
  });

  it("stays for a timer that is not in the background, also where one in the background was there first", async () => {
    expect(await child("foreground")).toEqual(["background", "foreground"]);
    expect(await child("twice")).toEqual(["foreground"]);
  });

  it("has one timer of Node for a thousand of its own, and none that holds the process when all are cancelled", async () => {
    expect(await child("thousand")).toEqual(["1", "0"]);
  });

  it("runs the others when one throws", async () => {
    expect(await child("throws")).toEqual(["thrown", "other", "later"]);
  });
});
