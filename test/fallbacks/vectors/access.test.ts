import { describe, expect, it } from "vitest";
import { createFaults } from "../../../src/fallbacks/core/faults.ts";
import { createLayer } from "../../../src/fallbacks/core/layer.ts";
import { createVectorAccess } from "../../../src/fallbacks/vectors/create-access.ts";
import { createMemoryVectors } from "../../../src/fallbacks/vectors/memory.ts";
import type { Vectors } from "../../../src/fallbacks/vectors/port.ts";
import { testContext } from "../../support/context.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { vectorOf } from "./access-rig.ts";

describe("access to vectors on this machine alone", () => {
  it("is the layer and nothing more", async () => {
    const clock = createManualClock();
    const local = createMemoryVectors();
    const layer = createLayer<Vectors>({
      name: "vectors",
      slots: [{ port: local, mode: "equal" }],
      configured: false,
      clock,
      random: () => 0.5,
      faults: createFaults({ clock, random: () => 0 }),
      words: { impact: {}, down: "down", action: "none" },
    });
    const access = createVectorAccess({ layer, local, clock });
    const context = testContext({ clock });
    access.start([]);
    await access.upsert("s", [{ id: "a", vector: vectorOf("a") }], context);
    await access.upsert("t", [{ id: "a", vector: vectorOf("a") }], context);
    expect(await access.query("s", vectorOf("a"), 5, context)).toMatchObject({ value: [{ id: "a" }], by: "memory" });
    expect(await access.recover({ name: "s", dimension: 8 }, ["a", "b"], context)).toEqual([]);
    expect(access.status()).toEqual(layer.status());
    await access.drop("s", context);
    expect([await local.count("s", context), await local.count("t", context)]).toEqual([0, 1]);
    await access.remove("t", ["a"], context);
    expect(await local.count("t", context)).toBe(0);
    await access.close();
    expect(clock.pending).toBe(0);
  });
});
