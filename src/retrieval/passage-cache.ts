import type { VectorRecord } from "../fallbacks/vectors/port.ts";
import type { LibraryChunk } from "./library.ts";
import { passageKey } from "./passage-key.ts";
import { pause } from "./slices.ts";
import type { VectorCache } from "./vector-cache.ts";

/** The vectors of passages that were computed before, whatever document the passages were in then. */
export interface PassageCache {
  /** What is kept of them, in their order, under the ids that they have now. */
  get(space: string, chunks: readonly LibraryChunk[]): Promise<readonly VectorRecord[]>;
  /** Keeps the vectors of those passages that have one. */
  put(space: string, chunks: readonly LibraryChunk[], vectors: readonly (Float32Array | undefined)[]): void;
  /** Forgets what is of none of these spaces or passages. @throws {LayerError} `aborted`. */
  keepOnly(spaces: readonly string[], chunks: Iterable<LibraryChunk>, signal: AbortSignal): Promise<void>;
}

/** Passages whose keys are computed without a pause: about a millisecond. */
const KEYS_AT_ONCE = 200;

/** @param cache absent: nothing is kept. */
export function createPassageCache(cache: VectorCache | undefined): PassageCache | undefined {
  return (
    cache && {
      async get(space, chunks) {
        const found = await cache.get(space, chunks.map(passageKey));
        return chunks.flatMap(({ id }, at): readonly VectorRecord[] => {
          const vector = found[at];
          return vector ? [{ id, vector }] : [];
        });
      },
      put(space, chunks, vectors) {
        const records = chunks.flatMap((chunk, at) => {
          const vector = vectors[at];
          return vector ? [{ key: passageKey(chunk), vector }] : [];
        });
        if (records.length > 0) cache.put(space, records);
      },
      async keepOnly(spaces, chunks, signal) {
        const keys = new Set<string>();
        let sincePause = 0;
        // What comes while this goes on may be missed: it is computed once more after a restart, and that is all.
        for (const chunk of chunks) {
          keys.add(passageKey(chunk));
          sincePause += 1;
          if (sincePause < KEYS_AT_ONCE) continue;
          sincePause = 0;
          await pause(signal);
        }
        await cache.keepOnly(new Set(spaces), keys);
      },
    }
  );
}
