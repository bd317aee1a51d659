import type { Clock } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import type { Lease } from "../fallbacks/store/leases.ts";
import type { RemoteSpaces } from "../fallbacks/vectors/access.ts";
import { afterTrying, type Tried } from "./model-retire-count.ts";
import type { Former, RetireRecords, UsedSpace } from "./model-retire-records.ts";

interface DiscarderOptions {
  readonly remote: Pick<RemoteSpaces, "discard">;
  readonly records: RetireRecords;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** A new context for each call, which ends within `stepMs`. */
  readonly step: () => CallContext;
  readonly stepMs: number;
  readonly info: (fields: object, message: string) => void;
  readonly report: (error: unknown, fields: object) => void;
}

/** Deletes spaces for as long as a lease is held; without one, nobody else could. */
export interface Discarder {
  /**
   * What to keep of the space after it was tried to delete it: no entry where somebody has gone back to it meanwhile. Undefined: the lease
   * is over, and what was read may be old. A space that cannot be deleted is reported once. @throws what the store throws, and `aborted`.
   */
  discard(
    used: UsedSpace,
    entry: Former,
    lease: Lease | undefined,
  ): Promise<{ readonly entry: Former | undefined } | undefined>;
  /** Takes the lease for longer where it would end within a step. False: somebody else may hold it. */
  keeps(lease: Lease | undefined): Promise<boolean>;
}

export function createDiscarder(options: DiscarderOptions): Discarder {
  const { remote, records, clock, signal, step, stepMs, info, report } = options;

  function lasts(lease: Lease | undefined): boolean {
    return !lease || lease.until.getTime() - clock.wall().getTime() > stepMs;
  }

  async function keeps(lease: Lease | undefined): Promise<boolean> {
    return lasts(lease) || (lease !== undefined && (await lease.renew(step())) && lease.exclusive);
  }

  async function tryIt({ space }: UsedSpace, isFirst: boolean): Promise<Tried> {
    try {
      return await remote.discard(space, step());
    } catch (error) {
      if (signal.aborted) throw error;
      // Once, as it is tried for as long as the space is there; and the other spaces have their turn.
      const fields = { doing: "deleting vectors that nobody uses any more", space: space.name };
      if (isFirst) report(error, { ...fields, dimension: space.dimension });
      return "failed";
    }
  }

  return {
    keeps,
    async discard(used, entry, lease) {
      if (!(await keeps(lease))) return undefined;
      // Asked now, as somebody may have gone back to it since the count.
      if (!(await records.isUnused(used, step()))) return { entry: undefined };
      // The process may have been stopped for a while since.
      if (!lasts(lease)) return undefined;
      const tried = await tryIt(used, entry.failures === 0);
      if (tried !== "discarded" && tried !== "none") return { entry: afterTrying(entry, tried) };
      // Of a deletion that took too long, only the next one can tell that it is done.
      if (tried === "discarded" || !used.isDiscarded) {
        const { name, dimension } = used.space;
        const fields = { layer: "vectors", space: name, dimension };
        info(fields, "the vectors of a model that no server uses any more are deleted");
      }
      if (used.isDiscarded) return { entry: afterTrying(entry, tried) };
      const version = await records.bury(used, step());
      const buried = { ...afterTrying(entry, "discarded"), isDiscarded: true };
      return { entry: version === undefined ? undefined : { ...buried, version } };
    },
  };
}
