import { checkLimit, unitOf } from "./check.ts";
import { createSearch, type Search } from "./memory-search.ts";
import { createSpace, type Space } from "./memory-space.ts";
import type { VectorRecord, Vectors } from "./port.ts";
import type { Scanner } from "./scan.ts";
import { createScanner } from "./scanner.ts";

export interface MemoryVectorsOptions {
  /** Hears why vectors are looked through in another way than is best here; nothing fails for that. Default: nobody. */
  readonly report?: (error: unknown, fields: object) => void;
  /** Numbers (vectors times dimension) of a space that are looked through on the event loop. Default 20,000 vectors of 384. */
  readonly mostOnLoop?: number;
  /** Pages of 128 vectors that a space has before a thread can read it. Default 8. */
  readonly plainPages?: number;
  /** The most memory that a thread is shown as one piece, in bytes. Default 1 GB. */
  readonly arenaBytes?: number;
  /** Looks through larger spaces, and is closed by whoever made it. Default: one of its own. */
  readonly scanner?: Scanner;
}

const MOST_ON_LOOP = 20_000 * 384;

/**
 * Exact cosine similarity over everything, in this process: nothing to set up, nothing approximate, nothing kept. Small spaces
 * are looked through at once, in a millisecond, or some 30 where nearly all vectors are equal; large ones by a thread. Both go by codes of 8 bits first.
 */
export function createMemoryVectors(options: MemoryVectorsOptions = {}): Vectors {
  const { report = () => {}, mostOnLoop = MOST_ON_LOOP } = options;
  const scanner = options.scanner ?? createScanner({ report });
  const spaces = new Map<string, { readonly space: Space; readonly search: Search }>();

  function create(dimension: number): { readonly space: Space; readonly search: Search } {
    const space = createSpace(dimension, {
      ...options,
      report: (error) => report(error, { doing: "keeping vectors where a thread can read them" }),
      grown: (arena, from, to) => scanner.touch(arena, from, to),
      freed: (arenas) => scanner.forget(arenas),
    });
    return { space, search: createSearch(space, scanner, mostOnLoop) };
  }

  return {
    name: "memory",
    async upsert(name, records) {
      const [first] = records;
      if (!first) return;
      const known = spaces.get(name) ?? create(first.vector.length);
      const { space } = known;
      const lengths = records.map((record) => lengthOf(record, space.dimension));
      spaces.set(name, known);
      records.forEach(({ id, vector }, index) => space.put(id, vector, lengths[index] as number));
      if (space.pages.arenas && space.numbers > mostOnLoop) scanner.warm();
    },
    async remove(name, ids) {
      const space = spaces.get(name)?.space;
      if (space) for (const id of ids) space.remove(id);
    },
    async query(name, vector, limit, context) {
      checkLimit(limit);
      const known = spaces.get(name);
      const asked = unitOf(vector, known?.space.dimension ?? vector.length, "query");
      return known && known.space.size > 0 ? known.search.query(asked, limit, context) : [];
    },
    async count(name) {
      return spaces.get(name)?.space.size ?? 0;
    },
    async ids(name, { after, limit }) {
      checkLimit(limit, Number.MAX_SAFE_INTEGER);
      return spaces.get(name)?.space.sorted(after, limit) ?? [];
    },
    async get(name, ids) {
      const space = spaces.get(name)?.space;
      return space ? [...new Set(ids)].flatMap((id) => space.get(id) ?? []) : [];
    },
    async close() {
      if (!options.scanner) await scanner.close();
    },
  };
}

/** As `unitOf`, which says what is wrong, without making a vector: at a start there are 100,000. @throws {LayerError} `invalid_request`. */
function lengthOf({ id, vector }: VectorRecord, dimension: number): number {
  const squares = squaresOf(vector);
  if (vector.length !== dimension || squares === 0 || !Number.isFinite(squares)) unitOf(vector, dimension, id);
  return Math.sqrt(squares);
}

/** Four sums, as a processor would wait for each addition before the next one to the same. */
function squaresOf(vector: Float32Array): number {
  let [one, two, three, four] = [0, 0, 0, 0];
  const whole = vector.length - (vector.length % 4);
  for (let at = 0; at < whole; at += 4) {
    one += (vector[at] as number) ** 2;
    two += (vector[at + 1] as number) ** 2;
    three += (vector[at + 2] as number) ** 2;
    four += (vector[at + 3] as number) ** 2;
  }
  for (let at = whole; at < vector.length; at += 1) one += (vector[at] as number) ** 2;
  return one + two + (three + four);
}
