import { z } from "zod";
import type { Clock } from "../core/clock.ts";
import type { CallContext } from "../core/context.ts";
import { LayerError } from "../core/errors.ts";
import type { StoreAccess } from "./access.ts";

/** The right to do something alone for a while. */
export interface Lease {
  readonly name: string;
  /** Wall-clock end. Past it somebody else may hold the lease, so whoever works under it stops before. */
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
   * The lease, or undefined at once when another holder has it: nobody queues. `ttlMs` is 1 to 86 400 000.
   * @throws {LayerError} `invalid_request` for a time out of range; else as the store. After a failure the lease may be
   * held by nobody until its time is over.
   */
  acquire(name: string, ttlMs: number, context: CallContext): Promise<Lease | undefined>;
}

const LONGEST_MS = 86_400_000;

/** `until` is milliseconds of the wall clock since 1970; 0 when it was released. */
const recordSchema = z.object({ holder: z.string(), until: z.number() });
type Content = z.infer<typeof recordSchema>;

/**
 * Leases as records `lease/NAME` in `meta`, changed by compare-and-set only, so that of many takers one wins. Released
 * records stay, for their versions must never start again. The wall clocks of the instances have to agree better than
 * a lease is long.
 */
export function createLeases(
  store: Pick<StoreAccess, "get" | "commit">,
  { clock, newId }: { readonly clock: Clock; readonly newId: () => string },
): Leases {
  const keyOf = (name: string) => `lease/${name}`;
  const now = () => clock.wall().getTime();

  async function read(name: string, context: CallContext) {
    const { value: record, degraded } = await store.get("meta", keyOf(name), context);
    const parsed = recordSchema.safeParse(record?.value);
    // What nobody can read is nobody's; the version still protects it.
    const { holder, until } = parsed.success ? parsed.data : { holder: "", until: 0 };
    return { holder, until, version: record?.version ?? 0, shared: degraded === undefined };
  }

  /** What was written, if the record still had this version. */
  async function write(name: string, value: Content, expect: number, context: CallContext) {
    const writes = [{ kind: "put", collection: "meta", key: keyOf(name), value, expect } as const];
    const { value: committed, degraded } = await store.commit({ id: newId(), writes }, context);
    return committed.status === "applied" ? { ...value, shared: degraded === undefined } : undefined;
  }

  function hold(name: string, ttlMs: number, first: Content & { readonly shared: boolean }): Lease {
    const { holder } = first;
    let { until, shared } = first;

    async function change(next: Content, context: CallContext): Promise<boolean> {
      const found = await read(name, context);
      if (found.holder !== holder) return false;
      const written = await write(name, next, found.version, context);
      if (!written) return false;
      until = written.until;
      shared = written.shared && found.shared;
      return true;
    }

    return {
      name,
      get until() {
        return new Date(until);
      },
      get exclusive() {
        return shared;
      },
      renew: (context) => change({ holder, until: now() + ttlMs }, context),
      async release(context) {
        await change({ holder: "", until: 0 }, context);
      },
    };
  }

  return {
    async acquire(name, ttlMs, context) {
      if (!Number.isInteger(ttlMs) || ttlMs < 1 || ttlMs > LONGEST_MS) {
        throw new LayerError("invalid_request", `a lease lasts 1 to ${LONGEST_MS} ms, not ${ttlMs}`);
      }
      const found = await read(name, context);
      if (found.until > now()) return undefined;
      const written = await write(name, { holder: newId(), until: now() + ttlMs }, found.version, context);
      return written && hold(name, ttlMs, { ...written, shared: written.shared && found.shared });
    },
  };
}
