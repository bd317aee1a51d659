import { type Breaker, type BreakerOptions, type BreakerState, createBreaker, type Permit } from "./breaker.ts";
import type { Forced, Order } from "./control.ts";
import type { ErrorClass, LayerError } from "./errors.ts";
import { createRest, type Rest, type RestKind, type RestOptions } from "./rest.ts";
import type { Share } from "./share.ts";
import { createSharing, type Heard, type Sharing } from "./sharing.ts";

/** A call that was let through; it ends, once, in one of three ways. */
export interface Admission {
  succeed(how?: { readonly probed?: boolean; readonly slow?: boolean }): void;
  /** `effect`: what the breaker hears. Returns the wait that begins, if one does. */
  fail(
    error: LayerError,
    effect: "failure" | "neutral" | "trip",
  ): { readonly kind: RestKind; readonly ms: number } | undefined;
  /** The call says nothing about the port. */
  release(): void;
}

/** What keeps callers from a port, and for how many ms; null where time alone does not help. */
export interface Obstacle {
  readonly kind: "open" | "cooldown" | "parked" | "forced";
  readonly inMs: number | null;
}

/** All that may stand between a caller and a port: an operator, a wait, a breaker. */
export interface Gate {
  readonly breaker: Breaker;
  /**
   * Undefined at once when it is closed to the caller: nobody queues. `check`: for a check, not for traffic; with `now` it goes past a wait, which
   * only its success ends.
   */
  acquire(how?: { readonly check: true; readonly now?: boolean }): Admission | undefined;
  /** What an `acquire` would meet now; undefined: nothing. */
  readonly obstacle: Obstacle | undefined;
  /** The latest success stands: no breaker, wait or order is in the way. */
  readonly serving: boolean;
  readonly forced: Forced | undefined;
  /** `force_open` and `disable`, until the order's time is over. */
  force(order: Order & { readonly action: Forced["action"] }): void;
  /** Ends an order. */
  unforce(): void;
  /** Ends waits and the open time, here and for whoever shares the port: the next call finds out. */
  tryNow(): void;
  /** No longer takes part in what other processes know of the port. */
  leave(): void;
}

export interface GateOptions extends BreakerOptions {
  /** Absent: refusals do not make it wait, except where the server names a time. */
  readonly rest?: RestLengths | undefined;
  /** Whether a background check is to find out first, when the open time is over. Default: traffic may. */
  readonly checkFirst?: () => boolean;
  /** Of the same port in a layer that this one replaces. */
  readonly memory?: GateMemory | undefined;
  /** Where other processes stand before the same port. Absent: this one is on its own. */
  readonly shared?: GateShare | undefined;
}

export interface GateShare {
  readonly share: Share;
  /** Longest call in ms: for so long a process may be the only one that probes. */
  readonly callMs: number;
  /** Hears what others have brought about here, after it has happened. */
  readonly onHeard: (heard: Heard) => void;
}

export type RestLengths = Pick<RestOptions, "cooldownMs" | "parkedMs" | "longestMs">;

/** What outlives a gate: a server that said "wait" has said it to whoever asks next, and so has an operator. */
export interface GateMemory {
  readonly rest: Rest;
  /** Of an operator; at most one at a time. */
  readonly held: { order?: (Forced & { readonly end: number }) | undefined };
}

const freePermit: Permit = { succeed() {}, fail() {}, release() {} };

export function createGate(options: GateOptions): Gate {
  const { clock, random, maxOpenMs = 300_000 } = options;
  let sharing: Sharing | undefined;
  /** Of the failure that a breaker is being told of. */
  let failing: ErrorClass | undefined;
  const breaker = createBreaker(options.shared ? { ...options, ...sharedOptions() } : options);
  const memory = options.memory ?? { rest: createRest({ ...options, ...options.rest }), held: {} };
  const { rest, held: kept } = memory;
  const restsUnasked = options.rest !== undefined;
  let trying = false;
  sharing = options.shared && createSharing({ ...options.shared, clock, random, breaker, rest, maxOpenMs });

  function sharedOptions() {
    return {
      mayProbe: () => sharing?.mayProbe() ?? true,
      onTransition(state: BreakerState, byPeer: boolean) {
        sharing?.changed(state, byPeer, failing);
        options.onTransition?.(state, byPeer);
      },
    };
  }

  const forced = () => (kept.order && clock.now() < kept.order.end ? kept.order : undefined);

  function admission(permit: Permit): Admission {
    const since = clock.now();
    const trial = rest.untried;
    if (trial) trying = true;
    let ended = false;
    const end = () => {
      if (ended) return false;
      ended = true;
      if (trial) trying = false;
      return true;
    };
    return {
      succeed(how) {
        if (!end()) return;
        const before = sharing && { serving: breaker.serving, untried: rest.untried };
        rest.over(since, how?.probed ?? false);
        permit.succeed(how);
        if (before && !before.serving && breaker.serving) sharing?.well();
        if (before?.untried && !rest.untried) sharing?.rested();
      },
      fail(error, effect) {
        if (!end()) return undefined;
        failing = error.errorClass;
        if (effect === "neutral") permit.release();
        else permit.fail({ trip: effect === "trip" });
        failing = undefined;
        const wait = restsUnasked || error.retryAfterMs !== undefined ? rest.take(error, since) : undefined;
        if (wait) sharing?.rests(wait.kind, wait.ms, error.errorClass);
        return wait;
      },
      release() {
        if (end()) permit.release();
      },
    };
  }

  return {
    breaker,
    acquire(how) {
      const held = forced();
      if (held?.action === "force_open") return undefined;
      if (!how && !held && breaker.state === "open" && options.checkFirst?.()) return undefined;
      // After a wait one call at a time finds out, so that a crowd does not bring on the next.
      if ((rest.now && !how?.now) || (rest.untried && trying)) return undefined;
      if (how?.now) sharing?.tryNow(false);
      const permit = held ? freePermit : breaker.acquire();
      if (!permit) return undefined;
      sharing?.looked();
      return admission(permit);
    },
    get obstacle() {
      const held = forced();
      if (held?.action === "force_open") return { kind: "forced" as const, inMs: held.end - clock.now() };
      const { now } = rest;
      const openMs = held ? 0 : breaker.probeInMs();
      if (now && now.ms >= openMs) return { kind: now.kind, inMs: now.ms };
      if (openMs > 0) return { kind: "open" as const, inMs: openMs };
      const checked = !held && breaker.state === "open" && (options.checkFirst?.() || sharing?.waits);
      return checked ? { kind: "open" as const, inMs: null } : undefined;
    },
    get serving() {
      return breaker.serving && !rest.untried && forced()?.action !== "force_open";
    },
    get forced() {
      return forced();
    },
    force({ action, reason, author, ttlMs }) {
      const since = clock.wall();
      const until = new Date(since.getTime() + ttlMs);
      kept.order = { action, reason, author, since, until, end: clock.now() + ttlMs };
    },
    unforce() {
      kept.order = undefined;
    },
    tryNow() {
      rest.tryNow();
      breaker.tryNow();
      sharing?.tryNow(true);
    },
    leave: () => sharing?.leave(),
  };
}
