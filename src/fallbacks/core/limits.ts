import type { CallContext } from "./context.ts";
import type { LayerError } from "./errors.ts";

/** What a port allows itself, in ms. */
export interface OwnLimits {
  readonly timeoutMs?: number;
  readonly idleMs?: number;
}

const DEFAULT_TIMEOUT_MS = 10_000;
/** A port but the last gets at most this share of the time left, so that a slow failure leaves time for its fallback. */
const SHARE_OF_REMAINING = 0.5;
/** A port is not blamed for a timeout shorter than this and shorter than its own limit: the caller was in a hurry. */
const FAIR_LIMIT_MS = 1_000;

/** How long one call may take, and how long it may be silent, in ms. */
export interface CallLimits {
  readonly ms: number;
  readonly idleMs?: number;
}

export function limitsOf(slot: OwnLimits, remaining: number, last: boolean): CallLimits {
  const ownMs = slot.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const share = remaining * SHARE_OF_REMAINING;
  if (last) return { ms: Math.min(ownMs, remaining) };
  if (slot.idleMs === undefined) return { ms: Math.min(ownMs, share) };
  return { ms: Math.min(ownMs, remaining), idleMs: Math.min(slot.idleMs, share) };
}

/** The caller's time was up, not the port's: it is not blamed. */
export function isHurried(error: LayerError, limits: CallLimits, slot: OwnLimits, context: CallContext): boolean {
  if (error.errorClass !== "timeout") return false;
  const ownMs = slot.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  if (limits.ms < ownMs && context.deadline.remaining() <= 0) return true;
  return (limits.idleMs ?? limits.ms) < Math.min(slot.idleMs ?? ownMs, FAIR_LIMIT_MS);
}
