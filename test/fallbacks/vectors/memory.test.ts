import { afterAll, afterEach, describe, expect, it } from "vitest";
import { createMemoryVectors } from "../../../src/fallbacks/vectors/memory.ts";
import type { Vectors } from "../../../src/fallbacks/vectors/port.ts";
import { createScanner } from "../../../src/fallbacks/vectors/scanner.ts";
import { vectorsContract } from "../../contracts/vectors.ts";
import { testContext } from "../../support/context.ts";

vectorsContract("memory vectors", { create: createMemoryVectors });

it("keeps a vector with the length 1, however near to that its own is", async () => {
  const port = createMemoryVectors();
  for (const length of [1.05, 1 + 1e-5, 1 + 1e-7, 1, 1 - 1e-7, 1 - 1e-5, 0.95]) {
    const vector = Float32Array.from([0.6 * length, 0, 0.8 * length, 0, 0]);
    await port.upsert("near", [{ id: "a", vector }], testContext());
    const [kept] = await port.get("near", ["a"], testContext());
    expect(Math.abs(Math.hypot(...(kept?.vector ?? [])) - 1)).toBeLessThan(1e-6);
  }
  await port.close?.();
});

describe("memory vectors that are too many for the event loop", () => {
  const reports: unknown[] = [];
  const report = (error: unknown) => void reports.push(error);
  // One thread for all, as starting one takes longer than a test.
  const scanner = createScanner({ report });
  const ports: Vectors[] = [];

  afterEach(async () => {
    for (const port of ports.splice(0)) await port.close?.();
    // It would have gone on without the thread.
    expect(reports).toEqual([]);
  });
  afterAll(() => scanner.close());

  vectorsContract("memory vectors in a thread", {
    create() {
      const port = createMemoryVectors({ report, scanner, mostOnLoop: 0, plainPages: 0, arenaBytes: 200_000 });
      ports.push(port);
      return port;
    },
    histories: 15,
  });

  vectorsContract("memory vectors in slices", {
    create: () => createMemoryVectors({ report, mostOnLoop: 0, plainPages: Number.POSITIVE_INFINITY }),
  });
});
