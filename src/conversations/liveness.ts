import type { Cluster } from "../cluster/cluster.ts";
import type { Clock } from "../fallbacks/core/clock.ts";
import type { Run } from "./records.ts";

/** Which turns are being answered now, here and elsewhere. Turns are named by `turnKey`. */
export interface Liveness {
  /** This process runs that turn from now on. */
  enter(key: string): void;
  /** It has ended, or could not be begun. */
  leave(key: string): void;
  /**
   * Whether somebody is answering that turn. A process that lives may have lost a turn (its outcome could not be saved), so
   * nobody counts for longer than the turn can take, and by the own monotonic clock, as wall clocks differ and are set. Of a
   * process about which nobody can tell, the wall clock may say sooner that the time is over.
   * @param gone an instance that is known not to run it.
   */
  lives(key: string, run: Run | null, gone?: string): Promise<boolean>;
}

/** Of how many turns of other processes it is known since when they have been seen running. */
const WATCHED = 1_000;

export function createLiveness({ cluster, clock }: { readonly cluster: Cluster; readonly clock: Clock }): Liveness {
  const here = new Set<string>();
  /** Monotonic ms at which each run was first seen, the oldest first. */
  const seen = new Map<string, number>();

  function seenFor(name: string): number {
    const first = seen.get(name) ?? clock.now();
    seen.set(name, first);
    const [oldest] = seen.keys();
    if (seen.size > WATCHED && oldest !== undefined) seen.delete(oldest);
    return clock.now() - first;
  }

  return {
    enter: (key) => void here.add(key),
    leave: (key) => void here.delete(key),
    async lives(key, run, gone) {
      if (!run || run.runner === gone) return false;
      if (run.runner === cluster.instance) return here.has(key);
      if (seenFor(`${key}/${run.runner}/${run.until}`) > run.ms) return false;
      return (await cluster.alive(run.runner)) ?? clock.wall().getTime() < run.until;
    },
  };
}
