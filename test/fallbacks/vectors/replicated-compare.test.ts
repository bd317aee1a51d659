import { describe, expect, it } from "vitest";
import { testContext } from "../../support/context.ts";
import { settle } from "../../support/manual-clock.ts";
import { createRig, SPACE, vectorOf } from "./access-rig.ts";

const many = (count: number, prefix = "id") =>
  Array.from({ length: count }, (_, at) => `${prefix}${String(at).padStart(4, "0")}`);

describe("vectors in two places that differ", () => {
  it("leaves to others what nobody has declared gone, and never shows it", async () => {
    const { access, clock, remote, put, find, ids, context, gone } = createRig();
    await put("a", "b");
    await remote.inside.upsert(SPACE, [{ id: "theirs", vector: vectorOf("theirs") }], context());
    expect(await find("theirs", 2)).toMatchObject({ by: "memory" });
    await clock.advance(2_000);
    const found = await find("theirs", 2);
    expect(found.by).toBe("scripted");
    expect([...found.ids].sort()).toEqual(["a", "b"]);
    await clock.advance(120_000);
    expect(access.status().state).toBe("ok");
    expect(await ids(remote.inside)).toEqual(["a", "b", "theirs"]);
    gone.add("theirs");
    remote.script = "refuse";
    await find("a");
    remote.script = "up";
    await clock.advance(60_000);
    expect(await ids(remote.inside)).toEqual(["a", "b"]);
  });

  it("counts what others hold right, when they remove it and when this instance adds it too", async () => {
    const { access, clock, remote, put, find, context } = createRig();
    const comparisons = () => remote.calls.filter((call) => call === "ids").length;
    await put("a", "b");
    const theirs = ["x", "y"].map((id) => ({ id, vector: vectorOf(id) }));
    await remote.inside.upsert(SPACE, theirs, context());
    await find("x");
    await clock.advance(2_000);
    const before = comparisons();
    await put("y");
    await clock.advance(120_000);
    expect(comparisons()).toBe(before);
    await remote.inside.remove(SPACE, ["x"], context());
    await clock.advance(300_000);
    expect(comparisons()).toBe(before + 1);
    expect(access.status().state).toBe("ok");
  });

  it("takes back what nobody needs of a space that is only asked, or given at the start", async () => {
    const earlier = createRig();
    await earlier.put("a");
    const { remote } = earlier;
    const { access, clock, find, ids, gone, context } = createRig({ remote });
    gone.add("a");
    await clock.advance(1_000);
    expect(await find("a")).toEqual({ ids: [], by: "scripted" });
    await clock.advance(2_000);
    expect(await ids(remote.inside)).toEqual([]);
    await remote.inside.upsert("t", [{ id: "a", vector: vectorOf("a") }], context());
    access.start(["t"]);
    await clock.advance(2_000);
    expect(await remote.inside.count("t", context())).toBe(0);
  });

  it("removes in both places what was put and removed before the start", async () => {
    const earlier = createRig();
    await earlier.put("a", "b");
    const { access, clock, remote, put, remove, ids } = createRig({ remote: earlier.remote, started: false });
    await put("a", "b");
    await remove("b");
    access.start([]);
    await clock.advance(2_000);
    expect(await ids(remote.inside)).toEqual(["a"]);
  });

  const turns = Array.from({ length: 40 }, (_, turn) => turn);

  it.each(["that waits", "in a hurry"].flatMap((kind) => turns.map((turn) => [kind, turn] as const)))(
    "loses nothing, of a caller %s, that comes while the work in the background ends: %i turns later",
    async (kind, turn) => {
      const { access, clock, remote, put, ids } = createRig();
      const waits = kind === "that waits";
      const late = (id: string) =>
        access.upsert(SPACE, [{ id, vector: vectorOf(id) }], testContext({ clock, deadlineMs: waits ? 30_000 : 0 }));
      await put("a");
      let putting: Promise<void> | undefined;
      const plain = { ...remote };
      remote.upsert = async (...args) => {
        await plain.upsert(...args);
        if (putting) return;
        let later = Promise.resolve();
        for (let passed = 0; passed < turn; passed += 1) later = later.then(() => {});
        putting = later.then(() => late("c"));
      };
      await late("b");
      if (!waits) await clock.advance(1_000);
      await putting;
      await clock.advance(waits ? 0 : 1_000);
      expect(await ids(remote.inside)).toEqual(["a", "b", "c"]);
      expect(access.status()).toMatchObject({ state: "ok", backlog: null });
    },
  );

  it("is not in step at the start until the ids are compared; sends nothing that is there", async () => {
    const earlier = createRig();
    await earlier.put(...many(2_500));
    await earlier.access.close();
    const { remote } = earlier;
    const { access, clock, put, find, ids, gone } = createRig({ remote, started: false });
    const [first = "", ...others] = many(2_500);
    gone.add(first);
    const calls = remote.calls.length;
    const puts = remote.puts.length;
    await put(...others, "new");
    expect(remote.calls).toHaveLength(calls);
    access.start([]);
    expect(access.status()).toMatchObject({ state: "recovering", by: "memory" });
    expect(await find("new", 1)).toEqual({ ids: ["new"], by: "memory" });
    await clock.advance(0);
    for (let turn = 0; turn < 50 && access.status().state !== "ok"; turn += 1) await settle();
    expect(remote.puts.slice(puts)).toEqual(["new"]);
    expect(await ids(remote.inside)).toEqual([...others, "new"].sort());
    expect(await find("new", 1)).toEqual({ ids: ["new"], by: "scripted" });
  });

  it("starts while the remote port is away, and waits for it", async () => {
    const { access, clock, remote, put, ids } = createRig({ started: false });
    remote.script = "refuse";
    await put("a");
    access.start([]);
    await clock.advance(300_000);
    expect(access.status()).toMatchObject({ state: "degraded", by: "memory" });
    remote.script = "up";
    await clock.advance(300_000);
    expect(await ids(remote.inside)).toEqual(["a"]);
    expect(access.status().state).toBe("ok");
  });

  it.each(["invalid_request", "server"] as const)(
    "fault 38: gives up one record alone (%s), and finds it all the same",
    async (errorClass) => {
      const { access, clock, remote, put, remove, find, ids } = createRig();
      remote.poison.set("id0077", errorClass);
      await put(...many(200));
      await clock.advance(120_000);
      const rest = many(200).filter((id) => id !== "id0077");
      expect(await ids(remote.inside)).toEqual(rest);
      expect(await find("id0077", 1)).toEqual({ ids: ["id0077"], by: "scripted" });
      expect(access.status()).toMatchObject({
        state: "ok",
        lastError: { errorClass, text: "poisoned by id0077" },
        action: expect.stringContaining("refused 1 vectors"),
      });
      const { length } = remote.calls;
      await clock.advance(300_000);
      // The looks at the count, one a minute, and nothing else.
      expect(remote.calls.slice(length)).toEqual(Array.from({ length: 5 }, () => "count"));
      await remove("id0077");
      expect((await find("id0077", 1)).ids).not.toEqual(["id0077"]);
      expect(access.status()).toMatchObject({ state: "ok", action: "none" });
    },
  );

  it("does not take a remote port that refuses everything for a matter of records, nor calls it without end", async () => {
    const { access, clock, remote, put, find, ids } = createRig();
    for (const id of many(500)) remote.poison.set(id, "invalid_request");
    await put(...many(500));
    await clock.advance(60_000);
    expect(access.status()).toMatchObject({ state: "recovering", by: "memory", backlog: { operations: 500 } });
    expect(await find("id0400", 1)).toEqual({ ids: ["id0400"], by: "memory" });
    const { length } = remote.calls;
    await clock.advance(120_000);
    expect(remote.calls.length - length).toBeLessThan(1_000);
    remote.poison.clear();
    await clock.advance(120_000);
    expect(await ids(remote.inside)).toEqual(many(500));
    expect(access.status()).toMatchObject({ state: "ok", action: "none" });
  });

  it("copies here what the remote port still has, and no more", async () => {
    const earlier = createRig();
    await earlier.put(...many(300));
    const { access, local, ids, context, put, clock, find, remote } = createRig({ remote: earlier.remote });
    await put("id0000", "new");
    const puts = remote.puts.length;
    const recovered = await access.recover({ name: SPACE, dimension: 8 }, [...many(300), "never there"], context());
    expect([...recovered].sort()).toEqual(many(300));
    expect(await ids(local)).toEqual([...many(300), "new"]);
    await clock.advance(60_000);
    expect(remote.puts).toHaveLength(puts);
    expect(await find("id0299", 1)).toEqual({ ids: ["id0299"], by: "scripted" });
    remote.script = "refuse";
    expect(await access.recover({ name: SPACE, dimension: 8 }, ["x"], context())).toEqual([]);
  });

  it("recovers nothing that was removed meanwhile, and nothing that does not fit", async () => {
    const earlier = createRig();
    await earlier.put("a", "b", "c");
    const { access, local, ids, context, put, remove, remote } = createRig({ remote: earlier.remote });
    await put("a");
    let release = () => {};
    remote.hold = () => new Promise<void>((resolve) => (release = resolve));
    const recovering = access.recover({ name: SPACE, dimension: 8 }, ["b", "c"], context());
    await settle();
    remote.hold = async () => {};
    const removing = remove("b");
    release();
    expect(await recovering).toEqual([]);
    await removing;
    expect(await ids(local)).toEqual(["a"]);
    expect(await ids(remote.inside)).toEqual(["a", "c"]);
    const plain = { ...remote };
    remote.get = async (...args) => (await plain.get(...args)).map(({ id }) => ({ id, vector: Float32Array.of(1) }));
    expect(await access.recover({ name: SPACE, dimension: 8 }, ["c"], context())).toEqual([]);
    expect(await ids(local)).toEqual(["a"]);
  });

  it("forgets a space on this machine only", async () => {
    const { access, clock, local, remote, put, ids, find, context } = createRig();
    await put("a");
    await access.drop(SPACE, context());
    await clock.advance(120_000);
    expect([await ids(local), await ids(remote.inside)]).toEqual([[], ["a"]]);
    expect(await find("a")).toMatchObject({ ids: [] });
  });
});
