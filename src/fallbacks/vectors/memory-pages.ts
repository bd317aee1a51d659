import {
  type Arena,
  type ArenaPlan,
  createArena,
  encodeInArena,
  PAGE_ROWS,
  pageOfArena,
  planArena,
} from "./scan-arena.ts";

/** Room for rows, a page of `PAGE_ROWS` after the other: growing copies nothing. */
export interface Pages {
  readonly list: readonly Float32Array[];
  readonly plan: ArenaPlan;
  /** They hold all pages in their order, each as many as it has room for. Undefined: a thread cannot read the pages. */
  readonly arenas: readonly Arena[] | undefined;
  /** Appends a page of zeros. */
  grow(): void;
  /** To be told of each row whose numbers have been written: where a thread can read it, its codes are made from them. */
  written(row: number): void;
  /** Gives all memory back. */
  clear(): void;
}

export interface PagesOptions {
  /** So many pages are on the heap before all move to where a thread can read them. Default 8: that takes one to two milliseconds. */
  readonly plainPages?: number;
  /** The most that one arena takes. Default 1 GB. */
  readonly arenaBytes?: number;
  /** Hears why a thread cannot read the pages. */
  readonly report: (error: unknown) => void;
  /** Hears which bytes an arena has more, before any of them is written. */
  readonly grown: (arena: Arena, from: number, to: number) => void;
  /** Hears which arenas are no longer used. */
  readonly freed: (arenas: readonly Arena[]) => void;
}

const PLAIN_PAGES = 8;
const ARENA_BYTES = 1024 ** 3;

/** @param stride numbers of a row. */
export function createPages(stride: number, options: PagesOptions): Pages {
  const { plainPages = PLAIN_PAGES, arenaBytes = ARENA_BYTES, report, grown, freed } = options;
  const plan = planArena(stride, arenaBytes);
  let list: Float32Array[] = [];
  let arenas: Arena[] | undefined;
  let centre = new Float32Array(stride);
  let refused = false;

  function sharedPage(into: Arena[], at: number): Float32Array {
    const arena = into[Math.floor(at / plan.pages)] ?? createArena(plan, centre);
    const before = arena.memory.buffer.byteLength;
    const page = pageOfArena(arena, plan, at % plan.pages);
    const { byteLength } = arena.memory.buffer;
    if (byteLength > before) grown(arena, before, byteLength);
    if (at % plan.pages === 0) into.push(arena);
    return page;
  }

  /** @param into all arenas. */
  function encode(into: readonly Arena[], row: number): void {
    const ofArena = plan.pages * PAGE_ROWS;
    encodeInArena(into[Math.floor(row / ofArena)] as Arena, plan, row % ofArena);
  }

  /** Moves everything to where a thread can read it. What comes later is much like this, so its centre is taken for that of all. */
  function share(into: Arena[]): void {
    centre = centreOf(list, stride);
    const moved = list.map((page, at) => {
      const place = sharedPage(into, at);
      place.set(page);
      return place;
    });
    list = moved;
    for (let row = 0; row < list.length * PAGE_ROWS; row += 1) encode(into, row);
  }

  function newPage(): Float32Array {
    if (list.length >= plainPages && !refused) {
      const into = arenas ?? [];
      try {
        if (!arenas) share(into);
        arenas = into;
        return sharedPage(into, list.length);
      } catch (error) {
        refused = true;
        arenas = undefined;
        freed(into);
        report(error);
      }
    }
    return new Float32Array(PAGE_ROWS * stride);
  }

  return {
    plan,
    get list() {
      return list;
    },
    get arenas() {
      return arenas;
    },
    grow() {
      const page = newPage();
      list.push(page);
    },
    written(row) {
      if (arenas) encode(arenas, row);
    },
    clear() {
      freed(arenas ?? []);
      list = [];
      arenas = undefined;
    },
  };
}

/** The mean of the rows of full pages; zeros without any. */
function centreOf(pages: readonly Float32Array[], stride: number): Float32Array<ArrayBuffer> {
  const sums = new Float64Array(stride);
  for (const page of pages) page.forEach((number, at) => (sums[at % stride] = (sums[at % stride] as number) + number));
  return Float32Array.from(sums, (sum) => sum / Math.max(1, pages.length * PAGE_ROWS));
}
