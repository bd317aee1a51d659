import { describe, expect, it } from "vitest";
import { createContext } from "../../../src/fallbacks/core/context.ts";
import { createMemoryStore } from "../../../src/fallbacks/store/memory.ts";
import type { Json, Store, Write } from "../../../src/fallbacks/store/port.ts";
import { createTestAccess } from "../../contracts/store-access.ts";
import { createManualClock, settle } from "../../support/manual-clock.ts";
import { createScriptedStore } from "./scripted-store.ts";

const put = (key: string, value: Json, expected?: number): Write => ({
  kind: "put",
  collection: "turns",
  key,
  value,
  ...(expected === undefined ? {} : { expect: expected }),
});

const LINK_MS = 45;

/** A remote store behind a link, and a journal whose syncs are counted. */
function rig() {
  const clock = createManualClock();
  const scripted = createScriptedStore();
  const memory = createMemoryStore();
  const counted = { syncs: 0, trips: 0 };
  const overLink = async <T>(call: () => Promise<T>): Promise<T> => {
    counted.trips += 1;
    await new Promise<void>((resolve) => clock.after(LINK_MS, resolve));
    return call();
  };
  const remote: Store = {
    ...scripted,
    commit: (operation, ctx) => overLink(() => scripted.commit(operation, ctx)),
    commitAll: (operations, ctx) => overLink(() => scripted.commitAll(operations, ctx)),
    look: (places, ctx) => overLink(() => scripted.look(places, ctx)),
    get: (collection, key, ctx) => overLink(() => scripted.get(collection, key, ctx)),
  };
  const local: Store = {
    ...memory,
    commit(operation, ctx) {
      counted.syncs += 1;
      return memory.commit(operation, ctx);
    },
    commitAll(operations, ctx) {
      counted.syncs += 1;
      return memory.commitAll(operations, ctx);
    },
  };
  const { access } = createTestAccess({ clock, local, remote });
  const save = async (id: string, writes: readonly Write[], context = soon()) => {
    const { value, by } = await access.commit({ id, writes }, context);
    return `${value.status} by ${by} after ${clock.now()}`;
  };
  const soon = (deadlineMs = 5_000, signal?: AbortSignal) =>
    createContext({ clock, requestId: "test", deadlineMs, ...(signal && { signal }) });
  return { access, clock, counted, local, scripted, save, soon };
}

/** Past the first operation, for which more has to be asked. */
async function warmRig() {
  const made = rig();
  const first = made.save("first", [put("first", 1, 0)]);
  await made.clock.advance(1_000);
  await first;
  made.counted.syncs = 0;
  made.counted.trips = 0;
  return made;
}

describe("many writers at once", () => {
  it("share syncs and round trips: none waits longer than for the batch before its own, and its own", async () => {
    const { clock, counted, save } = await warmRig();
    const start = clock.now();
    const early = save("early", [put("early", 1, 1)].slice(1));
    await settle();
    const saving = Array.from({ length: 50 }, (_, index) => save(`${index}`, [put(`k${index}`, index, 0)]));
    await clock.advance(1_000);
    expect(await early).toBe(`applied by scripted after ${start + LINK_MS}`);
    for (const saved of await Promise.all(saving)) {
      expect(saved).toBe(`applied by scripted after ${start + 2 * LINK_MS}`);
    }
    expect(counted.syncs).toBeLessThanOrEqual(3);
    expect(counted.trips).toBeLessThanOrEqual(4);
  });

  it("fault 40: wait for a frozen store once, all together, and then not at all", async () => {
    const { access, clock, scripted, save } = await warmRig();
    const start = clock.now();
    scripted.script = "hang";
    const saving = Array.from({ length: 50 }, (_, index) => save(`${index}`, [put(`k${index}`, index)]));
    await clock.advance(100);
    const times = (await Promise.all(saving)).map((saved) => Number(saved.split(" ").at(-1)));
    expect(Math.max(...times) - start).toBe(100);
    expect(await save("next", [put("next", 1)])).toBe(`applied by memory after ${clock.now()}`);
    expect(access.status().backlog?.operations).toBe(51);
    scripted.script = "up";
    await clock.advance(60_000);
    expect(access.status()).toMatchObject({ state: "ok", backlog: null });
    expect(scripted.commits.filter((id) => /^\d{1,2}$/.test(id)).slice(-50)).toEqual(
      Array.from({ length: 50 }, (_, n) => `${n}`),
    );
  });

  it("do not hear of one that leaves, is too late, conflicts, or is refused", async () => {
    const { clock, local, scripted, save, soon } = await warmRig();
    const leaving = new AbortController();
    const blocker = save("blocker", [put("blocker", 1, 0)]);
    await settle();
    const left = save("left", [put("left", 1)], soon(5_000, leaving.signal));
    const late = save("late", [put("late", 1)], soon(LINK_MS - 1));
    const conflict = save("conflict", [put("first", 2, 7)]);
    const refused = save("", [put("refused", 1)]);
    const notJson = save("not json", [put("odd", { big: 1n } as unknown as Json)]);
    const good = save("good", [put("good", 1)]);
    const outcomes = Promise.allSettled([left, late, conflict, refused, notJson, good, blocker]);
    await settle();
    leaving.abort();
    await clock.advance(2_000);
    expect(await outcomes).toMatchObject([
      { reason: { errorClass: "aborted" } },
      { reason: { errorClass: "timeout" } },
      { value: expect.stringContaining("conflict by scripted") },
      { reason: { errorClass: "invalid_request" } },
      { reason: { errorClass: "invalid_request" } },
      { value: expect.stringContaining("applied by scripted") },
      { value: expect.stringContaining("applied by scripted") },
    ]);
    // Who had left before the batch began is not in it.
    const all = await local.list({ collection: "turns", limit: 10 }, soon());
    expect(all.map(({ key }) => key)).toEqual(["blocker", "first", "good"]);
    expect(await scripted.inside.list({ collection: "turns", limit: 10 }, soon())).toEqual(all);
  });

  it("keep the versions of both stores together, also where a copy was old or had been deleted elsewhere", async () => {
    const { clock, local, scripted, save, soon } = await warmRig();
    const elsewhere = (id: string, ...writes: Write[]) => scripted.inside.commit({ id, writes }, soon());
    await elsewhere("1", put("first", "theirs"), put("first", "theirs again"));
    await elsewhere("2", put("gone", 1), { kind: "delete", collection: "turns", key: "gone" });
    const saving = [save("blind", [put("first", "ours")]), save("again", [put("gone", "ours", 0)])];
    await clock.advance(1_000);
    await Promise.all(saving);
    const places = ["first", "gone"].map((key) => ({ collection: "turns", key }) as const);
    expect(await local.look(places, soon())).toEqual([
      { version: 4, value: "ours" },
      { version: 3, value: "ours" },
    ]);
    expect(await local.look(places, soon())).toEqual(await scripted.inside.look(places, soon()));
    // So what is compared with them in an outage fits afterwards.
    scripted.script = "refuse";
    const later = save("later", [put("first", "later", 4), put("gone", "later", 3)]);
    await clock.advance(1_000);
    expect(await later).toContain("applied by memory");
    scripted.script = "up";
    await clock.advance(30_000);
    expect(await scripted.inside.get("turns", "first", soon())).toEqual({ key: "first", value: "later", version: 5 });
  });

  it("of which the journal takes a first part only: that part is sent, and the others are refused", async () => {
    const { access, clock, local, scripted, soon } = await warmRig();
    const commitAll = local.commitAll.bind(local);
    (local as { commitAll: Store["commitAll"] }).commitAll = async (operations, context) => {
      await commitAll(operations.slice(0, 2), context);
      throw new Error("the disk is full");
    };
    const { access: second } = createTestAccess({ clock, local, remote: scripted });
    await access.close();
    const saving = Promise.allSettled(
      ["1", "2", "3"].map((id) => second.commit({ id, writes: [put(id, id)] }, soon())),
    );
    await clock.advance(100);
    const outcomes = (await saving).map(({ status }) => status);
    const acknowledged = ["1", "2", "3"].filter((_, index) => outcomes[index] === "fulfilled");
    expect(acknowledged).toEqual(["1", "2"]);
    (local as { commitAll: Store["commitAll"] }).commitAll = commitAll;
    await clock.advance(60_000);
    for (const id of acknowledged) expect((await scripted.inside.get("turns", id, soon()))?.value).toBe(id);
    const kept = await scripted.inside.list({ collection: "turns", limit: 10 }, soon());
    expect(kept.map(({ key }) => key)).toEqual([...acknowledged, "first"]);
  });
});
