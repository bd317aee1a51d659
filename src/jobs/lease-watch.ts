import type { Cluster } from "../cluster/cluster.ts";
import type { Clock } from "../fallbacks/core/clock.ts";
import type { StoredRecord } from "../fallbacks/store/port.ts";
import { readHolder, tokenOf } from "./job-records.ts";

/** Tells which leases are over. */
export interface Watch {
  /**
   * Whether nobody runs that job any more: its holder is no more, or has not renewed the lease for as long as it lasts. What
   * counts is this process's own monotonic clock, from when it first saw the row as it is: clocks need not agree.
   * @param runs tokens of the runs of this process.
   */
  isOver(row: StoredRecord, runs: ReadonlySet<string>): Promise<boolean>;
  /** Forgets all rows but these. */
  keep(rows: readonly StoredRecord[]): void;
}

export function createWatch(deps: {
  readonly cluster: Pick<Cluster, "instance" | "alive">;
  readonly clock: Clock;
  readonly leaseMs: number;
}): Watch {
  const { cluster, clock, leaseMs } = deps;
  const seen = new Map<string, { readonly version: number; readonly since: number }>();

  return {
    async isOver(row, runs) {
      const holder = readHolder(row);
      // Ours, and yet none of our runs: its beginning or its end could not be saved.
      if (holder === cluster.instance) return !runs.has(tokenOf(row.key));
      const known = seen.get(row.key);
      if (known?.version !== row.version) seen.set(row.key, { version: row.version, since: clock.now() });
      else if (clock.now() - known.since > leaseMs) return true;
      return (await cluster.alive(holder)) === false;
    },
    keep(rows) {
      const keys = new Set(rows.map(({ key }) => key));
      for (const key of seen.keys()) if (!keys.has(key)) seen.delete(key);
    },
  };
}
