import type { CallContext } from "./context.ts";
import type { LayerError } from "./errors.ts";

/** What a port allows itself, in ms. */
export interface OwnLimits {
  readonly timeoutMs?: number;
  readonly idleMs?: number;
  readonly firstMs?: number;
}

const DEFAULT_TIMEOUT_MS = 10_000;
/** A port but the last gets at most this share of the time left, so that a slow failure leaves time for its fallback. */
const SHARE_OF_REMAINING = 0.5;
/** A port is not blamed for a timeout shorter than this and shorter than its own limit: the caller was in a hurry. */
const FAIR_LIMIT_MS = 1_000;

/** How long one call may take, how long until its first content, and how long it may be silent after it, in ms. */
export interface CallLimits {
  readonly ms: number;
  readonly firstMs?: number;
  readonly idleMs?: number;
}

/**
 * `shown`: what the call brings is shown while it is written, so that it may go on for as long as there is time and it is not
 * silent. Any other call that is not the last has its own limit, or half of the time that is left.
 */
export function limitsOf(
  slot: OwnLimits,
  remaining: number,
  how: { readonly last: boolean; readonly shown?: boolean | undefined; readonly whole?: boolean | undefined },
): CallLimits {
  const ownMs = slot.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const share = remaining * SHARE_OF_REMAINING;
  if (how.last) return { ms: Math.min(ownMs, remaining) };
  const { idleMs, firstMs } = slot;
  if (how.whole || (idleMs === undefined && firstMs === undefined)) return { ms: Math.min(ownMs, share) };
  const ms = how.shown ? remaining : Math.min(ownMs, firstMs === undefined ? remaining : share);
  return {
    ms,
    ...(idleMs !== undefined && { idleMs: Math.min(idleMs, share) }),
    ...(firstMs !== undefined && { firstMs: Math.min(firstMs, share) }),
  };
}

/** The caller's time was up, not the port's: it is not blamed. */
export function isHurried(error: LayerError, limits: CallLimits, slot: OwnLimits, context: CallContext): boolean {
  if (error.errorClass !== "timeout") return false;
  const ownMs = slot.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  if (limits.ms < ownMs && context.deadline.remaining() <= 0) return true;
  const shortest = Math.min(limits.ms, limits.firstMs ?? limits.ms, limits.idleMs ?? limits.ms);
  return shortest < Math.min(slot.idleMs ?? ownMs, slot.firstMs ?? ownMs, FAIR_LIMIT_MS);
}
