import type { Arena, ArenaPlan } from "./scan-arena.ts";
import type { SharedMemory } from "./scan-wasm.ts";

/** Rows to look through. None of them is written while that is done. */
export interface Rows {
  readonly list: readonly Float32Array[];
  readonly plan: ArenaPlan;
  readonly arenas: readonly Arena[] | undefined;
  readonly count: number;
}

export interface Query {
  /** Unit length. */
  readonly vector: Float32Array;
  /** How many rows, at least 1. */
  readonly wanted: number;
}

/** Looks through rows without holding up the event loop. */
export interface Scanner {
  /**
   * For each query, of which there are at most `MOST_QUERIES`, the numbers of rows among which are the `wanted` best and all that
   * tie with those, however products are rounded. Never rejects.
   */
  scan(rows: Rows, queries: readonly Query[]): Promise<readonly Uint32Array[]>;
  /** Gets ready what the first scan would wait for. */
  warm(): void;
  /**
   * Where there is a thread, it has the system find memory for these bytes of the arena, which takes longer than to write them. They
   * may be written meanwhile.
   */
  touch(arena: Arena, from: number, to: number): void;
  /** These are no longer used. */
  forget(arenas: readonly Arena[]): void;
  /** Ends the thread; what runs goes on without it. */
  close(): Promise<void>;
}

/** The memory comes with the first message that names the arena. */
export interface SentArena {
  readonly id: number;
  readonly memory?: SharedMemory;
}

/** What the thread is told. */
export type ToScanThread =
  | {
      readonly type: "scan";
      readonly pass: number;
      readonly arenas: readonly SentArena[];
      readonly plan: ArenaPlan;
      readonly count: number;
      readonly queries: readonly Query[];
    }
  | { readonly type: "touch"; readonly arena: SentArena; readonly from: number; readonly to: number }
  | { readonly type: "forget"; readonly ids: readonly number[] };

/** What it answers: the rows, or why it cannot tell them. */
export interface FromScanThread {
  readonly pass: number;
  readonly found: readonly Uint32Array[] | undefined;
  readonly reason: string | undefined;
}
