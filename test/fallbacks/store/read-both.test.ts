import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createContext } from "../../../src/fallbacks/core/context.ts";
import { createMemoryStore } from "../../../src/fallbacks/store/memory.ts";
import type { Json, ListRequest, Place, Seen, Write } from "../../../src/fallbacks/store/port.ts";
import { createReadBoth } from "../../../src/fallbacks/store/read-both.ts";
import { createReplicaMark } from "../../../src/fallbacks/store/replica-mark.ts";
import { createWaitingPlaces, placesIn } from "../../../src/fallbacks/store/waiting-places.ts";
import { createIds, createTestAccess } from "../../contracts/store-access.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createScriptedStore } from "./scripted-store.ts";

const put = (key: string, value: Json, expected?: number): Write => ({
  kind: "put",
  collection: "meta",
  key,
  value,
  ...(expected === undefined ? {} : { expect: expected }),
});
const remove = (key: string): Write => ({ kind: "delete", collection: "meta", key });

/** An instance whose outbox is long; `during` runs while the remote store, which is back, is being given it. */
async function recovering(during: (rig: ReturnType<typeof rigOf>) => Promise<void>) {
  const rig = rigOf();
  const { access, clock, context, remote } = rig;
  await access.commit({ id: "first", writes: [put("ours", 0), put("gone", 0), put("shared", 0)] }, context());
  remote.script = "refuse";
  await access.commit({ id: "ours", writes: [put("ours", 1), remove("gone")] }, context());
  for (let number = 0; number < 3_000; number += 1) {
    await access.commit({ id: `${number}`, writes: [put(`waiting ${number}`, number)] }, context());
  }
  const theirs = [put("theirs", 1), put("shared", "theirs"), put("ours", "older")];
  await remote.inside.commit({ id: "theirs", writes: theirs }, context());
  const once: { run?: Promise<void> } = {};
  let calls = 0;
  remote.beforeCommit = async () => {
    // Not the first call of its batch: those behind it are still waiting.
    calls = access.status().breaker?.state === "closed" ? calls + 1 : 0;
    if (calls < 3) return;
    once.run ??= during(rig);
    await once.run;
  };
  remote.script = "up";
  for (let second = 0; second < 60 && !once.run; second += 1) await clock.advance(1_000);
  await once.run;
  expect(once.run).toBeDefined();
  await clock.advance(30_000);
  expect(access.status()).toMatchObject({ state: "ok", backlog: null });
  return rig;
}

function rigOf() {
  const clock = createManualClock();
  const remote = createScriptedStore();
  const { access, local } = createTestAccess({ clock, remote });
  return {
    access,
    clock,
    local,
    remote,
    context: () => createContext({ clock, requestId: "test", deadlineMs: 5_000 }),
  };
}

describe("a remote store that is back while something still waits for it", () => {
  it("is read together with the local one, and the answer says that it recovers", async () => {
    await recovering(async ({ access, context }) => {
      const read = async (key: string) => (await access.get("meta", key, context())).value?.value;
      expect(access.status().state).toBe("recovering");
      expect((await access.get("meta", "theirs", context())).degraded).toMatchObject({ reason: "recovering" });
      expect(await read("theirs")).toBe(1);
      expect(await read("shared")).toBe("theirs");
      expect(await read("waiting 2999")).toBe(2999);
      const keys = async (request: Omit<ListRequest, "collection">) =>
        (await access.list({ collection: "meta", ...request }, context())).value.map(({ key }) => key);
      expect(await keys({ limit: 3 })).toEqual(["ours", "shared", "theirs"]);
      expect(await keys({ limit: 2, after: "shared" })).toEqual(["theirs", "waiting 0"]);
      expect(await keys({ limit: 2, reverse: true })).toEqual(["waiting 999", "waiting 998"]);
      expect(await keys({ limit: 9, prefix: "g" })).toEqual([]);
    });
  });

  it("takes what was built on what it was read to have", async () => {
    const { context, remote } = await recovering(async ({ access, context }) => {
      const { value } = await access.get("meta", "shared", context());
      const write = put("shared", "on theirs", value?.version ?? 0);
      const { value: outcome, by } = await access.commit({ id: "on theirs", writes: [write] }, context());
      expect([outcome.status, by]).toEqual(["applied", "memory"]);
      expect((await access.get("meta", "shared", context())).value?.value).toBe("on theirs");
    });
    expect((await remote.inside.get("meta", "shared", context()))?.value).toBe("on theirs");
  });

  it("is left out when it fails", async () => {
    await recovering(async ({ access, context, remote, clock }) => {
      remote.script = "hang";
      const reading = access.get("meta", "theirs", context());
      void clock.advance(200);
      expect((await reading).value).toBeUndefined();
      remote.script = "up";
    });
  });
});

describe("reading both", () => {
  const keys = ["a", "b", "c", "d", "e", "f"];
  const step = fc.record({ key: fc.constantFrom(...keys), value: fc.option(fc.nat(9), { nil: undefined }) });
  const writeOf = ({ key, value }: { key: string; value: number | undefined }) =>
    value === undefined ? remove(key) : put(key, value);
  const request = fc.record(
    {
      limit: fc.integer({ min: 1, max: 7 }),
      after: fc.constantFrom(...keys, "bb"),
      prefix: fc.constantFrom("", "a", "b"),
      reverse: fc.boolean(),
    },
    { requiredKeys: ["limit"] },
  );

  it("gives what a slow and obvious model gives", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 12 }),
        fc.array(step, { maxLength: 12 }),
        fc.subarray(keys),
        request,
        fc.integer({ min: 1, max: 4 }),
        async (theirs, ours, touched, asked, atOnce) => {
          const clock = createManualClock();
          const context = createContext({ clock, requestId: "test", deadlineMs: 5_000 });
          const [local, remote] = [createMemoryStore(), createMemoryStore()];
          const newId = createIds();
          for (const one of theirs) await remote.commit({ id: newId(), writes: [writeOf(one)] }, context);
          for (const one of ours) await local.commit({ id: newId(), writes: [writeOf(one)] }, context);
          const waiting = createWaitingPlaces();
          waiting.add(
            "1",
            touched.map((key) => ({ collection: "meta", key })),
          );
          const both = createReadBoth({
            local,
            waiting,
            atOnce,
            mends: { has: () => false, within: () => [] },
            mark: createReplicaMark({ local, clock, newId }),
            onRemote: async (call, ctx) => {
              const value = await call(remote, ctx);
              return { value: typeof value === "symbol" ? undefined : value, by: "remote" };
            },
          });
          const seen = async (key: string): Promise<Seen | undefined> => {
            const place: Place = { collection: "meta", key };
            const [found] = await (touched.includes(key) ? local : remote).look([place], context);
            return found?.value === undefined ? undefined : found;
          };
          const { after, prefix = "", reverse = false, limit } = asked;
          const wanted: unknown[] = [];
          for (const key of reverse ? [...keys].reverse() : keys) {
            const isBehind = after === undefined || (reverse ? key < after : key > after);
            const found = isBehind && key.startsWith(prefix) ? await seen(key) : undefined;
            if (found && wanted.length < limit) wanted.push({ key, ...found });
            const got = (await both.get({ collection: "meta", key }, context))?.value;
            expect(got?.value).toEqual((await seen(key))?.value);
          }
          expect((await both.list({ collection: "meta", ...asked }, context))?.value).toEqual(wanted);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("with a limit of bytes gives all of both in pages, none of which is empty before the end", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 12 }),
        fc.array(step, { maxLength: 12 }),
        fc.subarray(keys),
        fc.record({
          limit: fc.integer({ min: 1, max: 7 }),
          bytes: fc.integer({ min: 0, max: 4 }),
          reverse: fc.boolean(),
        }),
        fc.integer({ min: 1, max: 4 }),
        async (theirs, ours, touched, asked, atOnce) => {
          const clock = createManualClock();
          const context = createContext({ clock, requestId: "test", deadlineMs: 5_000 });
          const [local, remote] = [createMemoryStore(), createMemoryStore()];
          const newId = createIds();
          for (const one of theirs) await remote.commit({ id: newId(), writes: [writeOf(one)] }, context);
          for (const one of ours) await local.commit({ id: newId(), writes: [writeOf(one)] }, context);
          const waiting = createWaitingPlaces();
          const places = touched.map((key): Place => ({ collection: "meta", key }));
          waiting.add("1", places);
          const both = createReadBoth({
            local,
            waiting,
            atOnce,
            mends: { has: () => false, within: () => [] },
            mark: createReplicaMark({ local, clock, newId }),
            onRemote: async (call, ctx) => {
              const list = (request: ListRequest) =>
                remote.list({ ...request, limit: Math.min(request.limit, request.bytes || 1) }, ctx);
              const value = await call({ ...remote, list }, ctx);
              return { value: typeof value === "symbol" ? undefined : value, by: "remote" };
            },
          });
          const listed: string[] = [];
          for (let after: string | undefined; ; after = listed.at(-1)) {
            const request: ListRequest = { collection: "meta", ...asked, ...(after !== undefined && { after }) };
            const page = (await both.list(request, context))?.value ?? [];
            if (page.length === 0) break;
            expect(page.length).toBeLessThanOrEqual(asked.limit);
            listed.push(...page.map(({ key }) => key));
          }
          const wanted: string[] = [];
          for (const key of keys) {
            const from = touched.includes(key) ? local : remote;
            if (await from.get("meta", key, context)) wanted.push(key);
          }
          expect(listed).toEqual(asked.reverse ? wanted.reverse() : wanted);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("takes few large values of the local store into memory at a time", async () => {
    const clock = createManualClock();
    const context = createContext({ clock, requestId: "test", deadlineMs: 5_000 });
    const [local, remote] = [createMemoryStore(), createMemoryStore()];
    const names = Array.from({ length: 100 }, (_, index) => `large ${String(index).padStart(3, "0")}`);
    await local.commit({ id: "ours", writes: names.map((key) => put(key, "x".repeat(1_000))) }, context);
    const both = createReadBoth({
      local,
      waiting: createWaitingPlaces(),
      mends: { has: () => false, within: ({ after = "" }) => names.filter((key) => key > after).reverse() },
      mark: createReplicaMark({ local, clock, newId: createIds() }),
      onRemote: async (call, ctx) => {
        const value = await call(remote, ctx);
        return { value: typeof value === "symbol" ? undefined : value, by: "remote" };
      },
    });
    const request: ListRequest = { collection: "meta", limit: 1_000, bytes: 3_000 };
    const page = (await both.list(request, context))?.value.map(({ key }) => key);
    expect(page).toEqual(names.slice(0, 8));
    expect((await both.list({ ...request, after: "large 097" }, context))?.value).toHaveLength(2);
    expect((await both.list({ ...request, after: "large 099" }, context))?.value).toEqual([]);
  });

  it("knows the places of what waits until there are too many of them", () => {
    const places = createWaitingPlaces(3);
    const at = (key: string): Place => ({ collection: "meta", key });
    places.add("1", [at("a"), at("b")]);
    places.add("2", [at("b")]);
    places.forget("1");
    expect(["a", "b"].map((key) => places.has(at(key)))).toEqual([false, true]);
    places.add("3", [at("c"), at("d"), at("e")]);
    expect(places.known).toBe(false);
    places.forget("2");
    places.clear();
    expect([places.known, places.has(at("c"))]).toEqual([true, false]);
    const writes = [put("a", 1), remove("a"), { collection: "unknown", key: "x" }, null];
    expect(placesIn({ operation: { writes } })).toEqual([at("a")]);
    expect(placesIn("unreadable")).toEqual([]);
  });
});
