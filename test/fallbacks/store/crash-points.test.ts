import { describe, expect, it } from "vitest";
import { createContext } from "../../../src/fallbacks/core/context.ts";
import { createMemoryStore } from "../../../src/fallbacks/store/memory.ts";
import type { Json, Store, Write } from "../../../src/fallbacks/store/port.ts";
import { createTestAccess } from "../../contracts/store-access.ts";
import { createManualClock, type ManualClock, settle } from "../../support/manual-clock.ts";
import { createLife, createLinkStore, type Life, uniteLists } from "./link-store.ts";

const put = (key: string, value: Json, expected?: number): Write => ({
  kind: "put",
  collection: "sessions",
  key,
  value,
  ...(expected === undefined ? {} : { expect: expected }),
});

/** What outlives a process. */
interface World {
  readonly clock: ManualClock;
  readonly local: Store;
  /** What it holds is in `shared`, which may be replaced by an older copy. */
  readonly remote: Store;
  readonly acknowledged: string[];
  restore(copy: Store): void;
  readonly shared: () => Store;
}

function createWorld(): World {
  let shared = createMemoryStore();
  const remote: Store = {
    name: "shared",
    durability: "disk",
    commit: (operation, ctx) => shared.commit(operation, ctx),
    commitAll: (operations, ctx) => shared.commitAll(operations, ctx),
    look: (places, ctx) => shared.look(places, ctx),
    graves: (request, ctx) => shared.graves(request, ctx),
    forgetGraves: (before, limit, ctx) => shared.forgetGraves(before, limit, ctx),
    get: (collection, key, ctx) => shared.get(collection, key, ctx),
    list: (request, ctx) => shared.list(request, ctx),
  };
  return {
    clock: createManualClock(),
    local: createMemoryStore(),
    remote,
    acknowledged: [],
    restore(copy) {
      shared = copy;
    },
    shared: () => shared,
  };
}

/** One process on the world, which dies when its life is over. */
function createProcess({ clock, local, remote, acknowledged }: World, life: Life) {
  const link = createLinkStore(life.wrap(remote, "shared"));
  const { access } = createTestAccess({ clock, local: life.wrap(local, "memory"), remote: link, unite: uniteLists });
  const context = () => createContext({ clock, requestId: "test", deadlineMs: 5_000 });
  const append = async (id: string, key: string): Promise<void> => {
    const known = (await access.get("sessions", key, context())).value;
    const list = Array.isArray(known?.value) ? known.value : [];
    const { value } = await access.commit({ id, writes: [put(key, [...list, id], known?.version ?? 0)] }, context());
    if (value.status === "applied") acknowledged.push(id);
  };
  /** As if it were one event of a server: it may never end. */
  const attempt = async (work: Promise<void>) => {
    const ended = work.catch(() => undefined);
    for (let ms = 0; ms < 400 && !life.isOver; ms += 100) await clock.advance(100);
    if (!life.isOver) await ended;
  };
  return { access, end: attempt, append: (id: string, key: string) => attempt(append(id, key)), context, link };
}

/** Work in step, an outage with a conflict of several links, the way back, and a shared store that has lost data. */
async function live(world: World, life: Life): Promise<void> {
  const { clock } = world;
  const theirs = (id: string) =>
    world.remote.look([{ collection: "sessions", key: "talk" }], context()).then(async ([seen]) => {
      const list = Array.isArray(seen?.value) ? seen.value : [];
      await world.remote.commit({ id, writes: [put("talk", [...list, id])] }, context());
      world.acknowledged.push(id);
    });
  const { access, append, context, end, link } = createProcess(world, life);
  await append("1", "talk");
  await Promise.all([append("2", "talk"), append("3", "other")]);
  link.state = "deaf";
  await append("4", "talk");
  link.state = "refuse";
  await append("5", "talk");
  await append("6", "other");
  await theirs("a");
  await theirs("b");
  await append("7", "talk");
  link.state = "up";
  await clock.advance(5_000);
  await append("8", "talk");
  const old = createMemoryStore();
  await old.commit({ id: "old", writes: [put("other", ["3"])] }, context());
  if (!life.isOver) {
    // Everything but an early copy is lost, and comes back from the journal.
    world.restore(old);
    await append("9", "other");
    await clock.advance(5_000);
    await append("10", "talk");
    await clock.advance(5_000);
    await end(access.close());
  }
}

async function recover(world: World): Promise<void> {
  const { clock } = world;
  const { access, context } = createProcess(world, createLife(Number.POSITIVE_INFINITY));
  for (let round = 0; round < 5; round += 1) {
    await access.get("sessions", "talk", context());
    await clock.advance(10_000);
  }
  expect(access.status()).toMatchObject({ state: "ok", backlog: null });
  const all = (store: Store) => store.list({ collection: "sessions", limit: 10 }, context());
  const shared = await all(world.shared());
  const kept = shared.flatMap(({ value }) => (Array.isArray(value) ? value : []));
  expect(world.acknowledged.filter((id) => !kept.includes(id))).toEqual([]);
  expect(new Set(kept).size).toBe(kept.length);
  // No copy is ahead of the original, or has another content in the same version.
  for (const copy of await all(world.local)) {
    const original = shared.find(({ key }) => key === copy.key);
    expect(copy.version).toBeLessThanOrEqual(original?.version ?? 0);
    if (copy.version === original?.version) expect(copy).toEqual(original);
  }
  const dead = await world.local.list({ collection: "meta", prefix: "dead/", limit: 10 }, context());
  expect(dead).toEqual([]);
  await access.close();
  await settle();
}

describe("a process that dies at any call of its stores", () => {
  it("loses nothing that was acknowledged, and does nothing twice, when it starts again", {
    timeout: 60_000,
  }, async () => {
    const whole = createLife(Number.POSITIVE_INFINITY);
    const world = createWorld();
    await live(world, whole);
    await recover(world);
    expect(world.acknowledged).toHaveLength(12);
    for (let at = 1; at <= 2 * whole.calls; at += 1) {
      const mortal = createWorld();
      await live(mortal, createLife(at));
      await recover(mortal).catch((error: unknown) => {
        throw new Error(`died at ${at} of ${2 * whole.calls}`, { cause: error });
      });
    }
  });
});
