import { describe, expect, it } from "vitest";
import { LayerError } from "../../../src/fallbacks/core/errors.ts";
import type { VectorSpace, Vectors } from "../../../src/fallbacks/vectors/port.ts";
import { createRig, SPACE, vectorOf } from "./access-rig.ts";
import { createScriptedVectors, type ScriptedVectors } from "./scripted-vectors.ts";

const DIMENSION = 8;

/** A remote port that keeps a place for each dimension of a space, as one that others can write to. */
function createSharedVectors() {
  const strangers: string[] = [];
  const discarded: VectorSpace[] = [];
  const expected: VectorSpace[] = [];
  const state = { moves: false, holds: true, refuses: false };
  const remote: ScriptedVectors = createScriptedVectors();
  const members: Pick<Vectors, "expect" | "discard" | "strangers"> = {
    expect(space) {
      expected.push(space);
      // What it had used until now is not this space's.
      if (state.moves) remote.wipe();
      return state.moves;
    },
    async discard(space, context) {
      // Fails as all its other calls do.
      await remote.count(space.name, context);
      if (state.refuses) throw new LayerError("invalid_request", `it keeps ${space.name}`);
      discarded.push(space);
      return state.holds;
    },
    strangers: () => strangers,
  };
  Object.assign(remote, members);
  return { remote, strangers, discarded, expected, state };
}

describe("whole spaces on a remote port", () => {
  it("are nobody's business where the port cannot discard any", async () => {
    const { access } = createRig();
    expect(access.remote).toBeUndefined();
    await access.close();
  });

  it("are in use when this machine writes or asks them, until it drops them", async () => {
    const { remote } = createSharedVectors();
    const { access, put, context } = createRig({ remote });
    access.start(["empty"]);
    await put("a");
    await access.recover({ name: "model", dimension: 3 }, ["x"], context());
    expect(access.remote?.inUse()).toEqual(
      new Map([
        ["empty", 0],
        [SPACE, DIMENSION],
        ["model", 3],
      ]),
    );
    await access.drop("model", context());
    expect(access.remote?.inUse().has("model")).toBe(false);
    await access.close();
  });

  it("are discarded when this machine uses none of that name and dimension", async () => {
    const { remote, discarded, state } = createSharedVectors();
    const { access, put, context } = createRig({ remote });
    access.start(["empty"]);
    await put("a");
    const discard = (name: string, dimension: number) => access.remote?.discard({ name, dimension }, context());
    expect(await discard(SPACE, DIMENSION)).toBe("used");
    expect(await discard("empty", 5)).toBe("used");
    expect(discarded).toEqual([]);
    expect(await discard(SPACE, DIMENSION + 1)).toBe("discarded");
    expect(await discard("former", 5)).toBe("discarded");
    state.holds = false;
    expect(await discard("former", 5)).toBe("none");
    expect(discarded).toHaveLength(3);
    await access.close();
  });

  it("fault 35: are discarded later when the port is away, which is known by what everybody sees of it", async () => {
    const { remote, discarded } = createSharedVectors();
    const { access, put, context, clock } = createRig({ remote });
    await put("a");
    remote.script = "refuse";
    const discard = () => access.remote?.discard({ name: "former", dimension: 5 }, context());
    for (let times = 0; times < 5; times += 1) expect(await discard()).toBe("away");
    expect(access.status()).toMatchObject({ state: "degraded", by: "memory", lastError: { errorClass: "network" } });
    // An open breaker lets none of them through.
    const { length } = remote.calls;
    expect(await discard()).toBe("away");
    expect(remote.calls).toHaveLength(length);
    remote.script = "up";
    await clock.advance(60_000);
    expect(await discard()).toBe("discarded");
    expect(discarded).toHaveLength(1);
    await access.close();
  });
});

describe("a remote port that deletes nothing", () => {
  it("is no outage, and says why", async () => {
    const { remote, state } = createSharedVectors();
    const { access, put, context, find } = createRig({ remote });
    await put("a");
    state.refuses = true;
    for (let times = 0; times < 10; times += 1) {
      await expect(access.remote?.discard({ name: "former", dimension: 5 }, context())).rejects.toMatchObject({
        errorClass: "invalid_request",
        message: "it keeps former",
      });
      expect(access.status()).toMatchObject({ state: "ok", lastError: null });
    }
    expect(await find("a")).toMatchObject({ ids: ["a"], by: remote.name });
    await access.close();
  });
});

describe("vectors of another dimension on the remote port", () => {
  it("are told from those of the space as soon as that has a vector, before it is compared", async () => {
    const { remote, expected } = createSharedVectors();
    const { access, put, find } = createRig({ remote, started: false });
    await put("a", "b");
    expect(expected).toEqual([{ name: SPACE, dimension: DIMENSION }]);
    expect(remote.calls).toEqual([]);
    access.start([SPACE]);
    await put("c");
    await find("a");
    expect(expected).toHaveLength(1);
    await access.close();
  });

  it("fault 37: are left, and all is sent to the place that the port uses instead, before that answers", async () => {
    const { remote, state } = createSharedVectors();
    const { access, find, clock, context, ids } = createRig({ remote });
    await remote.inside.upsert(SPACE, [{ id: "a", vector: Float32Array.of(1, 0) }], context());
    access.start([SPACE]);
    await clock.advance(2_000);
    expect(access.status().state).toBe("ok");
    const comparisons = () => remote.calls.filter((call) => call === "ids").length;
    const before = comparisons();
    state.moves = true;
    const given = ["a", "b", "c"].map((id) => ({ id, vector: vectorOf(id) }));
    await access.upsert(SPACE, given, context());
    await clock.advance(2_000);
    expect(comparisons()).toBe(before + 1);
    expect(await ids(remote.inside)).toEqual(["a", "b", "c"]);
    expect(await find("a", 1)).toEqual({ ids: ["a"], by: "scripted" });
    expect(access.status()).toMatchObject({ state: "ok", backlog: null });
    await access.close();
  });

  it("fault 37: are not fought without end where the port has no other place for the space", async () => {
    const { remote } = createSharedVectors();
    const { access, put, clock, find, ids } = createRig({ remote });
    const plain = { ...remote };
    remote.ids = async () => {
      remote.calls.push("ids");
      throw new LayerError("bad_response", "each collection with a name of this space holds something else");
    };
    remote.probe = async () => void (await remote.ids("", { limit: 1 }, createRig().context()));
    await put("a", "b");
    await clock.advance(60_000);
    expect(access.status()).toMatchObject({ state: "degraded", by: "memory", backlog: { operations: 2 } });
    expect(access.status().lastError?.text).toContain("holds something else");
    expect(await find("b", 1)).toEqual({ ids: ["b"], by: "memory" });
    const { length } = remote.calls;
    await clock.advance(3_600_000);
    // The breaker is open for five minutes by now.
    expect(remote.calls.length - length).toBeLessThan(60);
    Object.assign(remote, plain);
    await clock.advance(900_000);
    expect(await ids(remote.inside)).toEqual(["a", "b"]);
    expect(access.status()).toMatchObject({ state: "ok", by: "scripted" });
    await access.close();
  });

  it("fault 33: are not copied to this machine", async () => {
    const { remote } = createSharedVectors();
    const { access, local, context } = createRig({ remote });
    await remote.inside.upsert(SPACE, [{ id: "a", vector: Float32Array.of(1, 0) }], context());
    expect(await access.recover({ name: SPACE, dimension: DIMENSION }, ["a"], context())).toEqual([]);
    expect(await local.count(SPACE, context())).toBe(0);
    const other = createRig();
    await other.put("a", "b");
    const wrong = { name: SPACE, dimension: DIMENSION + 1 };
    expect(await other.access.recover(wrong, ["a"], context())).toEqual([]);
    expect(other.remote.calls).not.toContain("get");
    await access.close();
    await other.access.close();
  });

  it("are shown to whoever has to look at them, behind what the port refuses", async () => {
    const { remote, strangers } = createSharedVectors();
    const { access, put, clock } = createRig({ remote });
    await put("a");
    expect(access.status().action).toBe("none");
    strangers.push("understudy-1", "understudy-2");
    expect(access.status()).toMatchObject({ state: "ok" });
    expect(access.status().action).toMatch(/^Look at what understudy-1, understudy-2 on scripted is: /);
    remote.poison.set("b", "invalid_request");
    await put("b");
    await clock.advance(2_000);
    expect(access.status().action).toMatch(/^Look at why scripted refused 1 vectors/);
    await access.close();
  });
});
