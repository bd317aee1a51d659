import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createContext } from "../../../src/fallbacks/core/context.ts";
import type { Buried, StoreAccessOptions } from "../../../src/fallbacks/store/access.ts";
import { createMemoryStore } from "../../../src/fallbacks/store/memory.ts";
import type { Json, Store, Write } from "../../../src/fallbacks/store/port.ts";
import { createTestAccess } from "../../contracts/store-access.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";
import { createLinkStore, type LinkState, uniteLists } from "./link-store.ts";

const put = (key: string, value: Json, expected?: number): Write => ({
  kind: "put",
  collection: "sessions",
  key,
  value,
  ...(expected === undefined ? {} : { expect: expected }),
});

interface Parts {
  readonly clock: ManualClock;
  readonly shared: Store;
  readonly local?: Store;
  readonly unite?: StoreAccessOptions["unite"];
}

/** One instance with a journal and a link of its own. */
function instance({ clock, shared, local = createMemoryStore(), unite = uniteLists }: Parts) {
  const buried: Buried[] = [];
  const link = createLinkStore(shared);
  const { access } = createTestAccess({ clock, local, remote: link, unite, onBuried: (one) => buried.push(one) });
  const context = () => createContext({ clock, requestId: "test", deadlineMs: 5_000 });
  const save = async (id: string, ...writes: Write[]) => {
    const { value, by } = await access.commit({ id, writes }, context());
    return `${value.status} by ${by}`;
  };
  /** Reads a list and writes it with one more: false when somebody else was faster. */
  const append = async (id: string, key: string) => {
    const known = (await access.get("sessions", key, context())).value;
    const list = Array.isArray(known?.value) ? known.value : [];
    return (await save(id, put(key, [...list, id], known?.version ?? 0))).startsWith("applied");
  };
  return { access, append, buried, context, link, local, save };
}

const all = async (store: Store, context: ReturnType<typeof createContext>) =>
  store.list({ collection: "sessions", limit: 1_000 }, context);

describe("two instances that did not see one another", () => {
  it("fault 45: have their work united, a chain of it too, and both copies are the shared one", async () => {
    const clock = createManualClock();
    const shared = createMemoryStore();
    const [ours, theirs] = [instance({ clock, shared }), instance({ clock, shared })];
    expect(await ours.append("begin 0", "talk")).toBe(true);
    ours.link.state = "refuse";
    for (const id of ["begin 1", "finish 1", "begin 2", "finish 2"]) expect(await ours.append(id, "talk")).toBe(true);
    for (const id of ["begin a", "finish a"]) expect(await theirs.append(id, "talk")).toBe(true);
    ours.link.state = "up";
    await clock.advance(30_000);
    const value = ["begin 0", "begin a", "finish a", "begin 1", "finish 1", "begin 2", "finish 2"];
    expect((await shared.get("sessions", "talk", ours.context()))?.value).toEqual(value);
    expect(await all(ours.local, ours.context())).toEqual(await all(shared, ours.context()));
    expect(ours.access.status()).toMatchObject({ state: "ok", action: "none" });
    expect(ours.buried).toEqual([]);
    // The other one has an old copy, which is no reason to refuse what it does next.
    expect(await theirs.append("begin b", "talk")).toBe(true);
    expect(await all(theirs.local, ours.context())).toEqual(await all(shared, ours.context()));
  });

  it("never take a version for another of the same number, when nothing can be united", async () => {
    const clock = createManualClock();
    const shared = createMemoryStore();
    const ours = instance({ clock, shared, unite: () => undefined });
    const theirs = instance({ clock, shared });
    await ours.save("0", put("a", "first"));
    ours.link.state = "refuse";
    // Enough to be sent many at a time when the chain comes.
    for (let number = 0; number < 6; number += 1) await ours.save(`before ${number}`, put(`before ${number}`, 1));
    await ours.save("1", put("a", "ours 2", 1));
    await ours.save("2", put("a", "ours 3", 2));
    await ours.save("3", put("a", "ours 4", 3));
    // As many as would make one of them fit by chance.
    await theirs.save("theirs", put("a", "theirs 2", 1));
    ours.link.state = "up";
    await clock.advance(30_000);
    expect((await shared.get("sessions", "a", ours.context()))?.value).toBe("theirs 2");
    expect(ours.buried.map(({ operation }) => operation?.id)).toEqual(["1", "2", "3"]);
    expect(ours.buried[0]?.reason).toBe("conflict at a");
    expect(ours.access.status()).toMatchObject({ state: "ok", action: expect.stringContaining("3 operations") });
    // A caller that had read "ours 2" as version 2 before does not overwrite theirs either.
    for (const stale of [2, 3, 4]) {
      expect(await ours.save(`stale ${stale}`, put("a", "stale", stale))).toBe("conflict by shared");
    }
    expect(await all(ours.local, ours.context())).toEqual(await all(shared, ours.context()));
  });

  it("nor after a new start in the middle of it", async () => {
    const clock = createManualClock();
    const shared = createMemoryStore();
    const ours = instance({ clock, shared, unite: () => undefined });
    const theirs = instance({ clock, shared });
    await ours.save("0", put("a", "first"));
    ours.link.state = "refuse";
    await ours.save("1", put("a", "ours 2", 1));
    await ours.save("2", put("a", "ours 3", 2));
    await theirs.save("theirs", put("a", "theirs 2", 1));
    const bury = ours.buried.push.bind(ours.buried);
    ours.buried.push = (...some) => {
      ours.link.state = "refuse";
      return bury(...some);
    };
    ours.link.state = "up";
    await clock.advance(30_000);
    expect(ours.buried).toHaveLength(1);
    await ours.access.close();
    const after = instance({ clock, shared, local: ours.local, unite: () => undefined });
    await after.access.get("sessions", "a", after.context());
    await clock.advance(30_000);
    expect((await shared.get("sessions", "a", after.context()))?.value).toBe("theirs 2");
    expect(after.buried.map(({ operation }) => operation?.id)).toEqual(["2"]);
    expect(await all(after.local, after.context())).toEqual(await all(shared, after.context()));
  });

  it("a defect in uniting stops nothing: the operation is buried with the reason", async () => {
    const clock = createManualClock();
    const shared = createMemoryStore();
    const unite = () => {
      throw new Error("cannot read");
    };
    const [ours, theirs] = [instance({ clock, shared, unite }), instance({ clock, shared })];
    ours.link.state = "refuse";
    await ours.save("1", put("a", ["ours"], 0));
    await ours.save("2", put("b", ["ours"], 0));
    await theirs.save("theirs", put("a", ["theirs"], 0));
    ours.link.state = "up";
    await clock.advance(30_000);
    expect(ours.buried).toMatchObject([{ operation: { id: "1" }, reason: "conflict at a; not united: cannot read" }]);
    expect((await shared.get("sessions", "b", ours.context()))?.value).toEqual(["ours"]);
  });

  it("are asked about other places too, and again when a third was faster", async () => {
    const clock = createManualClock();
    const shared = createMemoryStore();
    let asked = 0;
    const ours = instance({
      clock,
      shared,
      unite(operation, there) {
        asked += 1;
        const other = there({ collection: "sessions", key: "other" });
        const united = uniteLists(operation, there);
        return united && { ...united, writes: [...united.writes, put("seen", other.value ?? null)] };
      },
    });
    const theirs = instance({ clock, shared });
    await theirs.save("other", put("other", "theirs"));
    ours.link.state = "refuse";
    await ours.append("ours", "talk");
    await theirs.append("theirs", "talk");
    const look = ours.link.look.bind(ours.link);
    let disturbed = 0;
    ours.link.look = async (places, context) => {
      const seen = await look(places, context);
      if (places.some(({ key }) => key === "talk") && disturbed < 3) {
        disturbed += 1;
        await theirs.append(`theirs ${disturbed}`, "talk");
      }
      return seen;
    };
    ours.link.state = "up";
    await clock.advance(30_000);
    const talk = ["theirs", "theirs 1", "theirs 2", "theirs 3", "ours"];
    expect((await shared.get("sessions", "talk", ours.context()))?.value).toEqual(talk);
    expect((await shared.get("sessions", "seen", ours.context()))?.value).toBe("theirs");
    expect(asked).toBeGreaterThanOrEqual(4);
    expect(await ours.local.get("sessions", "seen", ours.context())).toMatchObject({ value: "theirs" });
  });
});

describe("two journals over one store, under any schedule of partitions", () => {
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant("append" as const), who: fc.nat(1), key: fc.constantFrom("a", "b") }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("add" as const), who: fc.nat(1), key: fc.constantFrom("x", "y") }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("remove" as const), who: fc.nat(1), key: fc.constantFrom("x", "y") }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("link" as const),
        who: fc.nat(1),
        state: fc.constantFrom<LinkState>("up", "refuse", "deaf"),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(1, 100, 3_000, 30_000) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const), who: fc.nat(1) }) },
  );

  it("nothing that was acknowledged is missing or there twice, and each copy is the shared one when it is used", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const clock = createManualClock();
        const shared = createMemoryStore();
        const open = [instance({ clock, shared }), instance({ clock, shared })];
        const at = (who: number) => open[who] ?? instance({ clock, shared });
        const acknowledged: string[] = [];
        const working: Promise<unknown>[] = [];
        for (const [index, event] of steps.entries()) {
          const id = `op-${index}`;
          if (event.kind === "wait") await clock.advance(event.ms);
          else if (event.kind === "link") at(event.who).link.state = event.state;
          else if (event.kind === "append") {
            const { append } = at(event.who);
            working.push(append(id, event.key).then((done) => done && acknowledged.push(id)));
          } else if (event.kind === "add") working.push(at(event.who).save(id, put(event.key, id)));
          else if (event.kind === "remove") {
            working.push(at(event.who).save(id, { kind: "delete", collection: "sessions", key: event.key }));
          } else {
            await clock.advance(10_000);
            await Promise.all(working);
            const { access, local } = at(event.who);
            await access.close();
            open[event.who] = instance({ clock, shared, local });
          }
        }
        await clock.advance(10_000);
        await Promise.all(working);
        for (const each of open) each.link.state = "up";
        for (let round = 0; round < 20; round += 1) {
          for (const { access, context } of open) await access.get("sessions", "a", context());
          await clock.advance(60_000);
        }
        const context = at(0).context();
        const lists = await Promise.all(["a", "b"].map((key) => shared.get("sessions", key, context)));
        const kept = lists.flatMap((record) => (Array.isArray(record?.value) ? record.value : []));
        expect(new Set(kept)).toEqual(new Set(acknowledged));
        expect(kept).toHaveLength(acknowledged.length);
        // An old copy is mended by the next one who compares.
        for (const [who, { access, append, buried }] of open.entries()) {
          expect(access.status()).toMatchObject({ state: "ok", backlog: null });
          expect(buried).toEqual([]);
          for (const key of ["a", "b"]) expect(await append(`last-${who}-${key}`, key)).toBe(true);
        }
        const [one, other] = open;
        const lastOf = (key: string, store: Store) => store.get("sessions", key, context);
        for (const key of ["a", "b"]) {
          expect(await lastOf(key, other?.local ?? shared)).toEqual(await lastOf(key, shared));
          // No copy is ahead of the original, or has another content in the same version.
          for (const { local } of [one ?? at(0), other ?? at(1)]) {
            const [copy, original] = [await lastOf(key, local), await lastOf(key, shared)];
            expect(copy?.version ?? 0).toBeLessThanOrEqual(original?.version ?? 0);
            if (copy?.version === original?.version) expect(copy).toEqual(original);
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});
