import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, it } from "vitest";
import { chunkSections } from "../../src/retrieval/chunk.ts";
import { parseDocument } from "../../src/retrieval/parse.ts";
import { createPacing, holdSlices, inSlices, light, type Work } from "../../src/retrieval/slices.ts";

function* steps(count: number, size: number): Work<string> {
  for (let step = 0; step < count; step += 1) yield size;
  return "done";
}

/** Turns of the event loop that the work takes. */
async function turnsOf(work: Work<unknown>): Promise<number> {
  let turns = 0;
  const count = () => {
    turns += 1;
    next = setImmediate(count);
  };
  let next = setImmediate(count);
  await inSlices(work, new AbortController().signal);
  clearImmediate(next);
  return turns;
}

it("lets others go first after 3,072 characters, or 16 times as many where they are only looked at", async () => {
  expect(await turnsOf(steps(1_024, 64))).toBe(21);
  expect(await turnsOf(light(steps(1_024, 64)))).toBe(1);
  expect(await inSlices(light(steps(3, 1)), new AbortController().signal)).toBe("done");
});

it("has one slice in a turn of the event loop, however many long works there are, and each gets its own", async () => {
  const { signal } = new AbortController();
  const slices: string[] = [];
  function* noted(name: string): Work<void> {
    for (let step = 0; step < 4; step += 1) {
      slices.push(name);
      yield 4_096;
    }
  }
  async function paced(name: string): Promise<void> {
    const pace = createPacing(signal);
    for (let step = 0; step < 4; step += 1) {
      slices.push(name);
      await pace(4_096);
    }
  }
  const most: number[] = [];
  const count = () => {
    most.push(slices.length);
    next = setImmediate(count);
  };
  const all = Promise.all([inSlices(noted("a"), signal), paced("b"), inSlices(noted("c"), signal)]);
  let next = setImmediate(count);
  await all;
  clearImmediate(next);
  expect(slices.join("")).toBe("abc".repeat(4));
  const ofATurn = most.map((done, turn) => done - (most[turn - 1] ?? 3));
  expect(Math.max(...ofATurn)).toBe(1);
});

it("counts a line, a sentence or a section besides its characters", () => {
  const spent = (work: Work<unknown>) => [...work].reduce((sum, step) => sum + step, 0);
  const lines = 10_000;
  expect(spent(parseDocument("markdown", `a${"\n".repeat(lines)}`, "name"))).toBeGreaterThan(40 * lines);
  expect(spent(parseDocument("markdown", `${"# a\n".repeat(lines)}b`, "name"))).toBeGreaterThan(80 * lines);
  const text = "Yes. ".repeat(lines);
  expect(spent(chunkSections(text, [{ heading: "", start: 0, end: text.length }]))).toBeGreaterThan(40 * lines);
  const sections = Array.from({ length: lines }, (_, at) => ({ heading: `${at}`, start: at, end: at }));
  expect(spent(chunkSections(text, sections))).toBeGreaterThanOrEqual(40 * lines);
});

it("goes on with nothing while it is held, by however many, and then as before", async () => {
  const { signal } = new AbortController();
  const done: string[] = [];
  function* noted(name: string): Work<void> {
    for (let step = 0; step < 3; step += 1) {
      done.push(name);
      yield 4_096;
    }
  }
  const turns = async (count: number) => {
    for (let turn = 0; turn < count; turn += 1) await nextTurn();
  };
  const begun = inSlices(noted("a"), signal);
  const [release, releaseToo] = [holdSlices(), holdSlices()];
  const later = inSlices(noted("b"), signal);
  const pace = createPacing(signal);
  const paced = pace(1).then(() => done.push("c"));
  await turns(5);
  expect(done.join("")).toBe("a");
  release();
  release();
  await turns(5);
  expect(done.join("")).toBe("a");
  releaseToo();
  // Held and let go again before the next one has gone on: still one in each turn.
  holdSlices()();
  const most: number[] = [];
  for (let turn = 0; turn < 8; turn += 1) {
    await nextTurn();
    most.push(done.length);
  }
  await Promise.all([begun, later, paced]);
  expect(done.join("")).toBe("aabcabb");
  expect(Math.max(...most.map((count, turn) => count - (most[turn - 1] ?? 1)))).toBe(1);
});

it("hears that nobody waits any more once it is let go", async () => {
  const leaving = new AbortController();
  const release = holdSlices();
  const work = inSlices(steps(3, 1), leaving.signal);
  leaving.abort();
  release();
  await expect(work).rejects.toMatchObject({ errorClass: "aborted" });
});
