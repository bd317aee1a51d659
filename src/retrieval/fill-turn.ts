import type { Clock } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import type { Lease, Leases } from "../fallbacks/store/leases.ts";
import { tolerate } from "./tolerate.ts";

/** Whose turn it is to compute vectors that all instances can get from one index. */
export interface FillTurn {
  /** Whether it is this instance's, for the next few seconds at least. */
  mine(context: CallContext): Promise<boolean>;
  /** Lets the next one in. */
  end(context: CallContext): Promise<void>;
}

const LEASE = "model-vectors";
const LEASE_MS = 60_000;

/** Without leases it is always this instance's turn. */
export function createFillTurn(leases: Leases | undefined, clock: Clock): FillTurn {
  let lease: Lease | undefined;

  async function hold(context: CallContext): Promise<boolean> {
    if (!leases) return true;
    const left = lease ? lease.until.getTime() - clock.wall().getTime() : 0;
    if (left > LEASE_MS / 2) return true;
    if (lease && (await lease.renew(context))) return true;
    lease = await leases.acquire(LEASE, LEASE_MS, context);
    return lease !== undefined;
  }

  return {
    // A store that is away says so itself; meanwhile computing twice is better than not at all.
    mine: async (context) => (await tolerate(context, () => hold(context))) ?? true,
    async end(context) {
      const held = lease;
      lease = undefined;
      await tolerate(context, async () => held?.release(context));
    },
  };
}
