import { describe, expect, it } from "vitest";
import { settle } from "../../support/manual-clock.ts";
import { createRig, SPACE, vectorOf } from "./access-rig.ts";

const many = (count: number, prefix = "id") =>
  Array.from({ length: count }, (_, at) => `${prefix}${String(at).padStart(4, "0")}`);

describe("vectors in two places", () => {
  it("writes both, and the remote port answers", async () => {
    const { access, local, remote, put, remove, find, ids, clock } = createRig();
    await put("a", "b", "c");
    expect(await find("b")).toMatchObject({ by: "scripted", ids: ["b", expect.anything(), expect.anything()] });
    await remove("b", "never there");
    expect(await ids(local)).toEqual(["a", "c"]);
    expect(await ids(remote.inside)).toEqual(["a", "c"]);
    expect((await find("b")).ids).not.toContain("b");
    expect(access.status()).toMatchObject({ state: "ok", by: "scripted", backlog: null, action: "none" });
    await access.close();
    expect(clock.pending).toBe(0);
  });

  it("has an empty answer for a space in which there is nothing", async () => {
    expect(await createRig().find("a")).toEqual({ ids: [], by: "scripted" });
  });

  it("refuses a bad vector, and stores nothing of its batch anywhere", async () => {
    const { access, local, remote, put, ids, context } = createRig();
    await put("a");
    const batch = [
      { id: "b", vector: vectorOf("b") },
      { id: "bad", vector: Float32Array.of(1) },
    ];
    await expect(access.upsert(SPACE, batch, context())).rejects.toMatchObject({ errorClass: "invalid_request" });
    expect([await ids(local), await ids(remote.inside)]).toEqual([["a"], ["a"]]);
    await expect(access.query(SPACE, Float32Array.of(1), 3, context())).rejects.toMatchObject({
      errorClass: "invalid_request",
    });
  });

  it.each(["refuse", "hang"] as const)(
    "fault 35: a remote port that would %s costs nothing but a notice",
    async (script) => {
      const { access, clock, local, remote, put, find, ids, context } = createRig();
      await put("a");
      const { length } = remote.calls;
      remote.script = script;
      const adding = put("b");
      await clock.advance(1_000);
      await adding;
      expect(await ids(local)).toEqual(["a", "b"]);
      const during = context();
      expect((await access.query(SPACE, vectorOf("b"), 1, during)).value).toMatchObject([{ id: "b" }]);
      const status = access.status();
      expect(status).toMatchObject({
        state: "degraded",
        by: "memory",
        mode: "equal",
        backlog: { operations: 1, bytes: 32 },
      });
      const { mode, by, reason, since } = status;
      expect(during.trail.list()).toEqual([{ layer: "vectors", mode, by, reason, since }]);
      // Nobody waits for it any more, whatever is done meanwhile.
      const before = clock.now();
      const waited = access.status().backlog?.oldestS ?? Number.NaN;
      await put("c");
      await find("c");
      expect(clock.now()).toBe(before);
      await clock.advance(20_000);
      expect(access.status().backlog).toMatchObject({ operations: 2, oldestS: waited + 20 });
      expect(remote.calls.length - length).toBeLessThan(30);
      expect(access.status().breaker?.notPermitted).toBeLessThan(6);
      remote.script = "up";
      await clock.advance(60_000);
      expect(await ids(remote.inside)).toEqual(["a", "b", "c"]);
      expect(await find("c", 1)).toEqual({ ids: ["c"], by: "scripted" });
      expect(access.status()).toMatchObject({ state: "ok", backlog: null, reason: null });
    },
  );

  it("fault 36: what was cut off in the middle is there once after the recovery", async () => {
    const { clock, remote, put, ids, find, access } = createRig();
    await put("a");
    remote.script = "half";
    await put(...many(300));
    remote.script = "refuse";
    await clock.advance(10_000);
    expect((await find("id0299", 1)).ids).toEqual(["id0299"]);
    remote.script = "up";
    const before = remote.puts.length;
    await clock.advance(60_000);
    expect(await ids(remote.inside)).toEqual(["a", ...many(300)]);
    // What had arrived is not sent again.
    expect(remote.puts.length - before).toBeLessThan(300);
    expect(new Set(remote.puts.slice(before)).size).toBe(remote.puts.length - before);
    expect(access.status().state).toBe("ok");
  });

  it("fault 37: a wipe shows, in the first answer, and is made good", async () => {
    const { access, clock, remote, put, find, ids, context } = createRig();
    await put("a", "b", "c");
    remote.wipe();
    const during = context();
    const { value, degraded } = await access.query(SPACE, vectorOf("b"), 3, during);
    expect(value.map(({ id }) => id)).toContain("b");
    expect(value).toHaveLength(3);
    expect(degraded).toMatchObject({ by: "memory", mode: "equal", reason: "recovering" });
    expect(during.trail.list()).toEqual([degraded]);
    expect(access.status()).toMatchObject({
      state: "recovering",
      by: "memory",
      since: degraded?.since,
      impact: expect.stringMatching(/^None: /),
    });
    await clock.advance(1_000);
    expect(await ids(remote.inside)).toEqual(["a", "b", "c"]);
    expect(await find("b", 3)).toMatchObject({ by: "scripted" });
    expect(access.status()).toMatchObject({ state: "ok", backlog: null });
  });

  it("fault 37: a wipe or a loss that no question meets is found within a minute", async () => {
    const { clock, remote, put, ids, context } = createRig();
    await put(...many(200));
    await remote.inside.remove(SPACE, many(50), context());
    await clock.advance(59_000);
    expect(await remote.inside.count(SPACE, context())).toBe(150);
    await clock.advance(2_000);
    expect(await ids(remote.inside)).toEqual(many(200));
  });

  it("fault 37: one that comes back from an old copy is brought up to date before it answers", async () => {
    const { clock, remote, put, remove, find, ids, context, gone } = createRig();
    await put("a", "b", "c");
    remote.script = "refuse";
    await put("d");
    await remove("a");
    await find("a");
    gone.add("old");
    remote.wipe();
    await remote.inside.upsert(SPACE, [{ id: "a", vector: vectorOf("a") }], context());
    await remote.inside.upsert(SPACE, [{ id: "old", vector: vectorOf("old") }], context());
    remote.script = "up";
    await clock.advance(60_000);
    expect(await ids(remote.inside)).toEqual(["b", "c", "d"]);
    expect((await find("d")).by).toBe("scripted");
  });

  it("waits two seconds for a slow remote port, and then finds by the local one until it has all", async () => {
    const { access, clock, remote, put, find, ids } = createRig();
    await put("a");
    remote.hold = () => new Promise<void>((resolve) => void clock.after(900, resolve));
    const began = clock.now();
    let ended = Number.NaN;
    const adding = put(...many(500)).then(() => (ended = clock.now()));
    await clock.advance(2_500);
    await adding;
    expect(ended - began).toBe(2_000);
    expect(access.status()).toMatchObject({ state: "recovering" });
    expect(await find("id0499", 1)).toEqual({ ids: ["id0499"], by: "memory" });
    await clock.advance(10_000);
    expect(await ids(remote.inside)).toEqual(["a", ...many(500)]);
    expect(access.status().state).toBe("ok");
  });

  it("does not compare again and again for an answer that is short though nothing is missing", async () => {
    const { access, clock, remote, put, context } = createRig();
    await put("a", "b", "c");
    const plain = { ...remote };
    remote.query = async (...args) => (await plain.query(...args)).slice(0, 2);
    const ask = async () => (await access.query(SPACE, vectorOf("a"), 3, context())).value.length;
    expect(await ask()).toBe(3);
    await clock.advance(2_000);
    expect(access.status().state).toBe("ok");
    const compared = remote.calls.filter((call) => call === "ids").length;
    expect([await ask(), await ask()]).toEqual([3, 3]);
    await clock.advance(2_000);
    expect(remote.calls.filter((call) => call === "ids")).toHaveLength(compared);
  });

  it("lets a removal win over a put that is under way", async () => {
    const { clock, local, remote, put, remove, ids } = createRig();
    await put("a");
    let release = () => {};
    remote.hold = () => new Promise<void>((resolve) => (release = resolve));
    const putting = put("b");
    await settle();
    const removing = remove("b");
    await settle();
    remote.hold = async () => {};
    release();
    await Promise.all([putting, removing]);
    await clock.advance(60_000);
    expect([await ids(local), await ids(remote.inside)]).toEqual([["a"], ["a"]]);
  });

  it("keeps what is written when the caller leaves, and says that it left", async () => {
    const { clock, local, remote, access, ids, context, put } = createRig();
    await put("a");
    remote.script = "hang";
    const caller = new AbortController();
    const adding = access.upsert(SPACE, [{ id: "b", vector: vectorOf("b") }], context(caller.signal));
    await settle();
    caller.abort();
    await expect(adding).rejects.toMatchObject({ errorClass: "aborted" });
    expect(await ids(local)).toEqual(["a", "b"]);
    remote.script = "up";
    await clock.advance(60_000);
    expect(await ids(remote.inside)).toEqual(["a", "b"]);
  });

  it.each(["refuse", "hang"] as const)(
    "leaves no timer behind when it closes while the remote port would %s",
    async (script) => {
      const { access, clock, remote, put } = createRig();
      remote.script = script;
      const putting = put("a");
      await clock.advance(1_000);
      await putting;
      await clock.advance(1_500);
      await access.close();
      expect(clock.pending).toBe(0);
    },
  );
});
