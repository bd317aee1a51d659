import { expect, it } from "vitest";
import { createContext } from "../../../src/fallbacks/core/context.ts";
import { createLostRace } from "../../../src/fallbacks/core/lost-race.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { whileTimePasses } from "../../support/while-time-passes.ts";

function race(random: number, deadlineMs = 60_000) {
  const clock = createManualClock();
  const context = createContext({ clock, requestId: "test", deadlineMs });
  const lostRace = createLostRace({ clock, random: () => random });
  const waited = async (lost: number) => {
    const start = clock.now();
    await whileTimePasses(clock, lostRace.after(lost, context), 1);
    return clock.now() - start;
  };
  return { clock, context, lostRace, waited };
}

it("tries again at once after one race, and then after twice as long each time, up to a limit", async () => {
  const waits = async (random: number) => {
    const { context, lostRace, waited } = race(random);
    for (const lost of [0, 1]) await lostRace.after(lost, context);
    const all: number[] = [];
    for (const lost of [2, 3, 4, 5, 6, 7, 100]) all.push(await waited(lost));
    return all;
  };
  expect(await waits(0)).toEqual([5, 10, 20, 40, 75, 75, 75]);
  expect(await waits(0.999_999)).toEqual([10, 20, 40, 80, 150, 150, 150]);
});

it("waits no longer than the deadline, nor for a caller who has gone", async () => {
  expect(await race(0.999_999, 7).waited(4)).toBe(7);
  const { clock, context, lostRace } = race(0);
  const client = new AbortController();
  const gone = lostRace.after(9, { ...context, signal: client.signal });
  await clock.advance(74);
  client.abort();
  await expect(gone).rejects.toMatchObject({ errorClass: "aborted" });
});
