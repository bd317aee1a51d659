import type { Clock } from "../../../src/fallbacks/core/clock.ts";
import { createFaults } from "../../../src/fallbacks/core/faults.ts";
import { createLayer, type Layer } from "../../../src/fallbacks/core/layer.ts";
import { createHashEmbeddings } from "../../../src/fallbacks/embeddings/hash.ts";
import type { Embeddings } from "../../../src/fallbacks/embeddings/port.ts";

/** The port first, and the hash in its place. */
export function embeddingsBeforeHash(port: Embeddings, clock: Clock): Layer<Embeddings> {
  return createLayer<Embeddings>({
    name: "embeddings",
    slots: [
      { port, mode: "equal", timeoutMs: 2_000 },
      { port: createHashEmbeddings(), mode: "lower" },
    ],
    configured: true,
    clock,
    random: () => 0,
    faults: createFaults({ clock, random: () => 0 }),
    words: { impact: {}, down: "down", action: "none" },
  });
}
