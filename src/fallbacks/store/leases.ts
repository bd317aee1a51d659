import { z } from "zod";
import type { Clock } from "../core/clock.ts";
import type { CallContext } from "../core/context.ts";
import { nobodyLeaves } from "../core/deadline.ts";
import { LayerError } from "../core/errors.ts";
import type { StoreAccess } from "./access.ts";

/** The right to do something alone for a while. */
export interface Lease {
  readonly name: string;
  /**
   * Wall-clock end, by the wall clock of this moment: if that is set, the end moves with it. Past it somebody else may hold
   * the lease, so whoever works under it stops before.
   */
  readonly until: Date;
  /**
   * False when the store that all instances share was away at the last change: then another instance may hold the same
   * lease.
   */
  readonly exclusive: boolean;
  /** Holds it for another `ttlMs` from now. False when somebody else has taken it over, or it was released. */
  renew(context: CallContext): Promise<boolean>;
  /** Lets the next one in; nothing happens when somebody else has taken it over. More than once is harmless. */
  release(context: CallContext): Promise<void>;
}

export interface Leases {
  /**
   * The lease, or undefined at once when another holder has it: nobody queues. `ttlMs` is 1 to 86 400 000. A taker whose signal
   * aborts while the lease is being written gets it all the same, and releases it.
   * @throws {LayerError} `invalid_request` for a time out of range; else as the store. After a failure the lease may be
   * held by nobody until its time is over.
   */
  acquire(name: string, ttlMs: number, context: CallContext): Promise<Lease | undefined>;
}

const LONGEST_MS = 86_400_000;
/** Wall clocks of two machines may differ by this without a suspicion, in ms. */
const SKEW_MS = 5_000;

/**
 * `until` is milliseconds of the wall clock of the holder since 1970; 0 when it was released. `ttlMs`, which older records lack, is
 * how long it was taken for.
 */
const recordSchema = z.object({ holder: z.string(), until: z.number(), ttlMs: z.number().exactOptional() });
type Content = z.infer<typeof recordSchema>;

interface Found extends Content {
  readonly version: number;
}

/**
 * Leases as records `lease/NAME` in `meta`, changed by compare-and-set only, so that of many takers one wins. Released
 * records stay, for their versions must never start again.
 *
 * The wall clocks of the instances should agree better than a lease is long. Where one does not, or jumps, what a taker has
 * seen itself counts more, by its own monotonic clock: a record that has not changed for as long as its lease lasts is over,
 * whatever its `until`; one that has changed since the last look was written since, so some of its time is left.
 * So a holder whose clock is ahead locks nobody out for longer than its lease after it has stopped renewing, and a taker
 * whose clock jumps ahead takes over nothing that it has been watching. Only one that looks for the first time
 * with a wrong clock can take over early: then there are two holders until the first one tries to renew.
 */
export function createLeases(
  store: Pick<StoreAccess, "get" | "commit">,
  { clock, newId }: { readonly clock: Clock; readonly newId: () => string },
): Leases {
  const keyOf = (name: string) => `lease/${name}`;
  const now = () => clock.wall().getTime();
  /** What was seen of each lease: which version, when last, and when it will be over, by the monotonic clock. */
  const seen = new Map<string, { readonly version: number; readonly lookedAt: number; readonly overAt: number }>();

  /** The wall clock is asked once for each version of the record, when it is seen first. */
  function isOver(name: string, found: Found): boolean {
    const { until, version } = found;
    if (until === 0) {
      seen.delete(name);
      return true;
    }
    const lookedAt = clock.now();
    const before = seen.get(name);
    const overAt =
      before?.version === version ? before.overAt : lookedAt + leftOf(found, before && lookedAt - before.lookedAt);
    seen.set(name, { version, lookedAt, overAt });
    return lookedAt >= overAt;
  }

  /** Milliseconds left of a version that is new here; `ageMs` is how long ago there was another one, if it is known. */
  function leftOf({ until, ttlMs }: Found, ageMs: number | undefined): number {
    const byWallMs = until - now();
    if (ttlMs === undefined) return Math.min(byWallMs, LONGEST_MS);
    const termMs = Math.min(ttlMs, LONGEST_MS);
    const leastMs = ageMs === undefined ? byWallMs : termMs - ageMs;
    // No machine of a healthy cluster is so far off: the wall clock cannot be right, and all of the time may be left.
    if (byWallMs < leastMs - SKEW_MS) return termMs;
    return Math.min(termMs, Math.max(leastMs, byWallMs));
  }

  async function read(name: string, context: CallContext) {
    const { value: record, degraded } = await store.get("meta", keyOf(name), context);
    const parsed = recordSchema.safeParse(record?.value);
    // What nobody can read is nobody's; the version still protects it.
    const content: Content = parsed.success ? parsed.data : { holder: "", until: 0 };
    return { ...content, version: record?.version ?? 0, shared: degraded === undefined };
  }

  /** What was written, if the record still had this version. */
  async function write(name: string, value: Content, expect: number, context: CallContext) {
    const writes = [{ kind: "put", collection: "meta", key: keyOf(name), value, expect } as const];
    const { value: committed, degraded } = await store.commit({ id: newId(), writes }, context);
    return committed.status === "applied" ? { ...value, shared: degraded === undefined } : undefined;
  }

  function hold(
    name: string,
    ttlMs: number,
    first: { readonly holder: string; readonly endsAt: number; readonly shared: boolean },
  ): Lease {
    const { holder } = first;
    let { endsAt, shared } = first;

    async function change(termMs: number, context: CallContext): Promise<boolean> {
      const found = await read(name, context);
      if (found.holder !== holder) return false;
      const end = clock.now() + termMs;
      const next = termMs > 0 ? { holder, until: now() + termMs, ttlMs: termMs } : { holder: "", until: 0 };
      const written = await write(name, next, found.version, context);
      if (!written) return false;
      endsAt = end;
      shared = written.shared && found.shared;
      return true;
    }

    return {
      name,
      get until() {
        return new Date(now() + endsAt - clock.now());
      },
      get exclusive() {
        return shared;
      },
      renew: (context) => change(ttlMs, context),
      async release(context) {
        await change(0, context);
      },
    };
  }

  return {
    async acquire(name, ttlMs, context) {
      if (!Number.isInteger(ttlMs) || ttlMs < 1 || ttlMs > LONGEST_MS) {
        throw new LayerError("invalid_request", `a lease lasts 1 to ${LONGEST_MS} ms, not ${ttlMs}`);
      }
      const found = await read(name, context);
      if (!isOver(name, found)) return undefined;
      const endsAt = clock.now() + ttlMs;
      const mine = { holder: newId(), until: now() + ttlMs, ttlMs };
      // Whoever leaves now would leave behind a lease that nobody can release: the write is done all the same.
      const staying = { ...context, signal: nobodyLeaves };
      const written = await write(name, mine, found.version, staying);
      return written && hold(name, ttlMs, { holder: mine.holder, endsAt, shared: written.shared && found.shared });
    },
  };
}
