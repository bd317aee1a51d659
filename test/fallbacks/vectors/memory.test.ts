import { afterAll, afterEach, describe, expect } from "vitest";
import { createMemoryVectors } from "../../../src/fallbacks/vectors/memory.ts";
import type { Vectors } from "../../../src/fallbacks/vectors/port.ts";
import { createScanner } from "../../../src/fallbacks/vectors/scanner.ts";
import { vectorsContract } from "../../contracts/vectors.ts";

vectorsContract("memory vectors", { create: createMemoryVectors });

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
