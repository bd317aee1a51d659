import { describe, expect, it } from "vitest";
import { eachGrave, eachRecord } from "../../../src/fallbacks/store/each-record.ts";
import { createEmbeddedStore } from "../../../src/fallbacks/store/embedded.ts";
import { createMemoryStore } from "../../../src/fallbacks/store/memory.ts";
import { createOutbox } from "../../../src/fallbacks/store/outbox.ts";
import { draftOf } from "../../../src/fallbacks/store/outbox-entry.ts";
import type { Store } from "../../../src/fallbacks/store/port.ts";
import { createIds, createTestAccess } from "../../contracts/store-access.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { context, put, remove, single } from "./embedded-operations.ts";
import { createThreadPool, newDirectories } from "./embedded-rig.ts";
import { createScriptedStore } from "./scripted-store.ts";

const newDirectory = newDirectories();
const startThread = createThreadPool();
const LARGE = 1_000_000;

/** Turns of the event loop while the work goes on. */
async function turnsOf(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let done = false;
  const turn = () => {
    turns += 1;
    if (!done) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  done = true;
  return turns;
}

/** The store, and how large each of its answers to `list` was: records, and characters of their JSON text. */
function measured(store: Store) {
  const pages: { readonly count: number; readonly size: number }[] = [];
  const list: Store["list"] = async (request, ctx) => {
    const found = await store.list(request, ctx);
    pages.push({ count: found.length, size: JSON.stringify(found.map(({ value }) => value)).length });
    return found;
  };
  return { store: { ...store, durability: store.durability, list }, pages };
}

/** One large value, or as many as are not worth more. */
const isSmall = ({ count, size }: { readonly count: number; readonly size: number }) =>
  count <= 250 && (count <= 1 || size < 1_100_000);

describe("to read a whole store", () => {
  it("lets the event loop turn between pages, of records and of graves", async () => {
    const store = createMemoryStore();
    const keys = Array.from({ length: 3_000 }, (_, index) => `k${String(index).padStart(4, "0")}`);
    await store.commit({ id: "put", writes: keys.map((key) => put(key, 1)) }, context);
    const seen: string[] = [];
    const turns = await turnsOf(() =>
      eachRecord(store, { collection: "meta", prefix: "" }, context, ({ key }) => seen.push(key)),
    );
    expect(seen).toEqual(keys);
    expect(turns).toBeGreaterThan(10);
    await store.commit({ id: "delete", writes: keys.map(remove) }, context);
    seen.length = 0;
    const graveTurns = await turnsOf(() => eachGrave(store, "meta", context, ({ key }) => seen.push(key)));
    expect(seen).toEqual(keys);
    expect(graveTurns).toBeGreaterThan(10);
  });

  it("takes few large values into memory at a time, however many small ones are before them", async () => {
    const embedded = createEmbeddedStore({ directory: newDirectory(), startThread });
    const small = Array.from({ length: 400 }, (_, index) => single(`a${String(index).padStart(3, "0")}`, "small"));
    const large = Array.from({ length: 6 }, (_, index) => single(`b${index}`, "x".repeat(LARGE)));
    await embedded.commitAll([...small, ...large, single("c", 1)], context);
    const { store, pages } = measured(embedded);
    const seen: string[] = [];
    await eachRecord(store, { collection: "meta", prefix: "" }, context, ({ key }) => seen.push(key));
    expect(seen).toEqual([...small, ...large].map(({ id }) => id).concat("c"));
    expect(pages.filter((page) => !isSmall(page))).toEqual([]);
    const some = (request: object) => embedded.list({ collection: "meta", limit: 1_000, ...request }, context);
    const keysOf = async (request: object) => (await some(request)).map(({ key }) => key);
    expect(await keysOf({ prefix: "b", bytes: 2.5 * LARGE })).toEqual(["b0", "b1"]);
    expect(await keysOf({ prefix: "b", bytes: 2.5 * LARGE, reverse: true })).toEqual(["b5", "b4"]);
    expect(await keysOf({ after: "b4", bytes: 1 })).toEqual(["b5"]);
    expect(await keysOf({ after: "c", bytes: 1 })).toEqual([]);
    await embedded.close();
  });

  it("at a start with a large outbox, as in the replay, takes few large entries at a time", async () => {
    const embedded = createEmbeddedStore({ directory: newDirectory(), startThread });
    const clock = createManualClock();
    const before = createOutbox({ local: embedded, clock, newId: createIds() });
    const drafts = Array.from({ length: 6 }, (_, index) =>
      draftOf(single(`${index}`, "x".repeat(LARGE)), clock.wall()),
    );
    await before.adopt(drafts, context);
    const { store, pages } = measured(embedded);
    const outbox = createOutbox({ local: store, clock, newId: createIds() });
    await outbox.load(context);
    expect(outbox.backlog()).toMatchObject({ operations: 6, bytes: drafts.reduce((sum, { bytes }) => sum + bytes, 0) });
    for (let after = ""; ; ) {
      const entries = await outbox.page(500, context, after);
      if (entries.length === 0) break;
      after = entries.at(-1)?.key ?? "";
    }
    // Of an outbox that was not counted, too: after a write that failed half-way.
    await createOutbox({ local: store, clock, newId: createIds() }).page(500, context);
    expect(pages.length).toBeGreaterThan(14);
    expect(pages.filter((page) => !isSmall(page))).toEqual([]);
    await embedded.close();
  });

  it("to fill a shared store that was lost, lets the event loop turn", async () => {
    const clock = createManualClock();
    const remote = createScriptedStore();
    const { access, local } = createTestAccess({ clock, remote });
    const writes = Array.from({ length: 5_000 }, (_, index) => put(`k${index}`, 1));
    await access.commit({ id: "1", writes }, context);
    await access.close();
    const empty = createScriptedStore();
    const again = createTestAccess({ clock, local, remote: empty }).access;
    await again.get("meta", "k1", context);
    const turns = await turnsOf(() => again.settle(context));
    expect(again.status().state).toBe("ok");
    // Between each two pages of what is here.
    expect(turns).toBeGreaterThanOrEqual(5_000 / 250 - 1);
    await again.close();
  });
});
