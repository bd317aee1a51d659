import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { LayerError } from "../../../src/fallbacks/core/errors.ts";
import { createEmbeddedStore } from "../../../src/fallbacks/store/embedded.ts";
import { createLeases, type Leases } from "../../../src/fallbacks/store/leases.ts";
import { createMemoryStore } from "../../../src/fallbacks/store/memory.ts";
import type { Store } from "../../../src/fallbacks/store/port.ts";
import { createIds, createTestAccess } from "../../contracts/store-access.ts";
import { testContext } from "../../support/context.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";
import { describeWithRedis, type RedisServer, startRedis } from "../../support/redis-server.ts";
import { createRig, soon } from "./redis-rig.ts";

/** Two takers of leases on the same records, with one wall clock. */
interface Pair {
  readonly one: Leases;
  readonly other: Leases;
  readonly clock: ManualClock;
  /** Changes records behind their backs. */
  readonly store: Store;
  close(): Promise<void>;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function leasesContract(name: string, create: () => Promise<Pair>): void {
  describe(`${name}: leases`, () => {
    let pair: Pair;
    afterEach(() => pair.close());

    it("have one holder among many takers", async () => {
      pair = await create();
      const { one, other } = pair;
      const takers = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? one : other));
      const taken = await Promise.all(takers.map((leases) => leases.acquire("work", MINUTE, soon())));
      expect(taken.filter((lease) => lease !== undefined)).toHaveLength(1);
      expect(await other.acquire("other work", MINUTE, soon())).toMatchObject({ name: "other work", exclusive: true });
    });

    it("are taken over when their time is over, and then not renewed or released by the old holder", async () => {
      pair = await create();
      const { one, other, clock } = pair;
      const old = await one.acquire("work", MINUTE, soon());
      expect(old?.until).toEqual(new Date(clock.wall().getTime() + MINUTE));
      await clock.advance(MINUTE - 1);
      expect(await other.acquire("work", MINUTE, soon())).toBeUndefined();
      await clock.advance(1);
      const next = await other.acquire("work", MINUTE, soon());
      expect(next).toBeDefined();
      expect(await old?.renew(soon())).toBe(false);
      await old?.release(soon());
      expect(await one.acquire("work", MINUTE, soon())).toBeUndefined();
      expect(await next?.renew(soon())).toBe(true);
    });

    it("last as long as they are renewed, also when nobody took them in time", async () => {
      pair = await create();
      const { one, other, clock } = pair;
      const lease = await one.acquire("work", MINUTE, soon());
      for (const ms of [MINUTE / 2, MINUTE / 2, MINUTE / 2, 3 * MINUTE]) {
        await clock.advance(ms);
        expect(await lease?.renew(soon())).toBe(true);
        expect(await other.acquire("work", MINUTE, soon())).toBeUndefined();
      }
      expect(lease?.until).toEqual(new Date(clock.wall().getTime() + MINUTE));
    });

    it("are free at once when they are released; a lease that was released is over", async () => {
      pair = await create();
      const { one, other } = pair;
      const first = await one.acquire("work", MINUTE, soon());
      await first?.release(soon());
      const second = await other.acquire("work", MINUTE, soon());
      expect(second).toBeDefined();
      // Versions go on over a release, so that nothing old fits again.
      await first?.release(soon());
      expect(await first?.renew(soon())).toBe(false);
      expect(await one.acquire("work", MINUTE, soon())).toBeUndefined();
      await second?.release(soon());
      expect(await second?.renew(soon())).toBe(false);
      expect(await one.acquire("work", MINUTE, soon())).toBeDefined();
    });

    it("fault 31: stay with their holder when the taker's wall clock jumps an hour ahead, and are over in time", async () => {
      pair = await create();
      const { one, other, clock } = pair;
      const held = await one.acquire("work", MINUTE, soon());
      expect(await other.acquire("work", MINUTE, soon())).toBeUndefined();
      clock.setWall(new Date(clock.wall().getTime() + HOUR));
      expect(await other.acquire("work", MINUTE, soon())).toBeUndefined();
      await clock.advance(MINUTE / 2);
      // Renewed since the last look, so it cannot be over, whatever the wall clock says.
      expect(await held?.renew(soon())).toBe(true);
      clock.setWall(new Date(clock.wall().getTime() + 2 * HOUR));
      expect(await other.acquire("work", MINUTE, soon())).toBeUndefined();
      expect(held?.until).toEqual(new Date(clock.wall().getTime() + MINUTE));
      await clock.advance(MINUTE - 1);
      expect(await other.acquire("work", MINUTE, soon())).toBeUndefined();
      await clock.advance(1);
      expect(await other.acquire("work", MINUTE, soon())).toBeDefined();
      expect(await held?.renew(soon())).toBe(false);
    });

    it("fault 31: lock nobody out for longer than they last when the holder's wall clock was a day ahead", async () => {
      pair = await create();
      const { one, other, clock } = pair;
      clock.setWall(new Date(clock.wall().getTime() + 24 * HOUR));
      expect(await one.acquire("work", MINUTE, soon())).toBeDefined();
      clock.setWall(new Date(clock.wall().getTime() - 24 * HOUR));
      expect(await other.acquire("work", MINUTE, soon())).toBeUndefined();
      await clock.advance(MINUTE - 1);
      expect(await other.acquire("work", MINUTE, soon())).toBeUndefined();
      await clock.advance(1);
      expect(await other.acquire("work", MINUTE, soon())).toBeDefined();
    });

    it("of an older form of the record, without its length, are bounded by the longest one", async () => {
      pair = await create();
      const { one, clock, store } = pair;
      const until = clock.wall().getTime() + 100 * 24 * HOUR;
      const value = { holder: "somebody", until };
      await store.commit(
        { id: "older", writes: [{ kind: "put", collection: "meta", key: "lease/work", value }] },
        soon(),
      );
      expect(await one.acquire("work", MINUTE, soon())).toBeUndefined();
      await clock.advance(24 * HOUR);
      expect(await one.acquire("work", MINUTE, soon())).toBeDefined();
    });

    it("are nobody's when nobody can read the record, and refuse a time that is none", async () => {
      pair = await create();
      const { one, store } = pair;
      const writes = [{ kind: "put", collection: "meta", key: "lease/work", value: "what?" } as const];
      await store.commit({ id: "foreign", writes }, soon());
      expect(await one.acquire("work", MINUTE, soon())).toBeDefined();
      for (const ms of [0, -1, 1.5, Number.NaN, 86_400_001]) {
        await expect(one.acquire("late", ms, soon())).rejects.toMatchObject({ errorClass: "invalid_request" });
      }
    });
  });
}

function overOne(store: Store): Pair {
  const clock = createManualClock();
  const { access } = createTestAccess({ clock, local: store });
  const newId = createIds();
  const leases = () => createLeases(access, { clock, newId });
  return { one: leases(), other: leases(), clock, store, close: () => access.close() };
}

leasesContract("memory", async () => overOne(createMemoryStore()));

it("are not left to nobody when the taker goes away while one is being written", async () => {
  const clock = createManualClock();
  const { access } = createTestAccess({ clock, local: createMemoryStore() });
  const leaving = new AbortController();
  // A caller that leaves is answered at once, and its operation is done all the same.
  const commit: typeof access.commit = async (operation, context) => {
    const committed = await access.commit(operation, soon());
    leaving.abort();
    if (context.signal.aborted) throw new LayerError("aborted", "the caller went away");
    return committed;
  };
  const newId = createIds();
  const taker = createLeases({ ...access, commit }, { clock, newId });
  const lease = await taker.acquire("work", MINUTE, testContext({ signal: leaving.signal }));
  await lease?.release(soon());
  expect(await createLeases(access, { clock, newId }).acquire("work", MINUTE, soon())).toBeDefined();
  await access.close();
});

describe("on disk", () => {
  const root = mkdtempSync(join(tmpdir(), "understudy-leases-"));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  leasesContract("embedded", async () => overOne(createEmbeddedStore({ directory: mkdtempSync(join(root, "data-")) })));
});

describeWithRedis("over a shared Redis", () => {
  let server: RedisServer;
  let pairs = 0;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.close());

  function twoInstances(): Pair {
    pairs += 1;
    const clock = createManualClock();
    const rigs = [
      createRig(server.url, { prefix: `leases-${pairs}` }),
      createRig(server.url, { prefix: `leases-${pairs}` }),
    ];
    const [one, other] = rigs.map(({ access }) => createLeases(access, { clock, newId: createIds() }));
    const [rig] = rigs;
    if (!one || !other || !rig) throw new Error("two rigs");
    const close = async () => {
      for (const each of rigs) await each.close();
    };
    return { one, other, clock, store: rig.remote, close };
  }

  leasesContract("two instances on one Redis", async () => twoInstances());

  it("says when it cannot know of the other instances, because Redis is away", async () => {
    const pair = twoInstances();
    const { one, other } = pair;
    await server.kill();
    try {
      expect(await one.acquire("work", MINUTE, soon())).toMatchObject({ exclusive: false });
      expect(await other.acquire("work", MINUTE, soon())).toMatchObject({ exclusive: false });
    } finally {
      await pair.close();
      await server.restart();
    }
  });
});
