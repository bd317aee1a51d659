import type { Clock } from "./clock.ts";
import { type CallContext, createContext } from "./context.ts";
import type { ErrorClass, LayerError } from "./errors.ts";
import type { Admission } from "./gate.ts";
import type { Port, Runner } from "./runner.ts";

/** Longest background check in ms, and longest wait for the code that it needs. */
export const PROBE_LIMIT_MS = 2_000;
const PROBE_AGAIN_MS = 5_000;
/** What a probe, which costs nothing, cannot tell to be over. */
const unprobed: ReadonlySet<ErrorClass> = new Set(["rate_limited", "quota", "model_missing"]);
/** How long traffic has for a probe that others wait for, in ms. */
const TRAFFIC_FIRST_MS = 250;
/** A port that is loading is asked this often whether it is ready: that costs nothing. */
const LOADING_AGAIN_MS = 1_000;

export interface Prober {
  /** Checks the port when nothing is in its way any more, and not before `least` ms. Replaces the check that was planned. */
  schedule(least?: number): void;
  /** This process alone may probe now: its traffic has a moment to do it, then a check does. */
  granted(): void;
  /** After a failed call: what is worth checking, and when. */
  afterFailure(errorClass: ErrorClass): void;
  cancel(): void;
}

export interface ProberOptions<P extends Port> {
  readonly clock: Clock;
  readonly runner: Runner<P>;
  /** Whether anybody would notice: a port that is never the first needs no check. */
  readonly watched: () => boolean;
  /** Asks the port; the outcome is recorded, and its error returned. */
  readonly ask: (admission: Admission) => Promise<LayerError | undefined>;
}

/** Brings a port back that nobody asks, by the smallest real call; where there is traffic, leaves that to it. */
export function createProber<P extends Port>({ clock, runner, watched, ask }: ProberOptions<P>): Prober {
  const { gate, episodes } = runner;
  let cancelled = () => {};
  /** Callers refused by the open breaker when the check was last planned. */
  let refusedBefore = 0;

  function schedule(least = 0): void {
    if (watched()) plan(least);
  }

  function plan(least: number): void {
    if (!gate || !runner.port.probe) return;
    cancelled();
    refusedBefore = gate.breaker.status().notPermitted;
    const wait = Math.max(least, gate.obstacle?.inMs ?? 0);
    cancelled = clock.after(wait, () => void probe(), { background: true });
  }

  async function probe(): Promise<void> {
    // Traffic has brought it back since.
    if (!gate || (gate.serving && !episodes.current)) return;
    // A probe proves less than traffic, so where there is traffic the half-open permit is left to it.
    const refused = gate.breaker.status().notPermitted;
    if (gate.breaker.state === "open" && refused > refusedBefore && !checkFirst(runner, watched())) {
      return schedule(PROBE_AGAIN_MS);
    }
    const admission = gate.acquire({ check: true });
    // Somebody's traffic holds the probe. Its end may decide nothing (its client leaves), so this comes back.
    if (!admission) return schedule(PROBE_AGAIN_MS);
    const error = await ask(admission);
    // A neutral failure leaves it half open, which schedules nothing.
    if (error && !runner.loading && gate.breaker.state === "half_open") schedule(PROBE_AGAIN_MS);
  }

  return {
    schedule,
    granted() {
      // Also where nobody expects it to serve first: some call has asked for it, and the others wait.
      plan(checkFirst(runner, watched()) ? 0 : TRAFFIC_FIRST_MS);
    },
    afterFailure(errorClass) {
      if (!gate) return;
      // One failure opens no breaker; without traffic nobody would find out that it was the only one.
      if (runner.loading) return schedule(LOADING_AGAIN_MS);
      const rests = gate.obstacle?.kind === "cooldown" || gate.obstacle?.kind === "parked";
      // The time that was named is over then, or a key that was refused may have been mended; an empty account costs tokens to try.
      if (rests && (errorClass === "auth" || !unprobed.has(errorClass) || gate.obstacle.kind === "cooldown"))
        schedule();
      else if (rests || unprobed.has(errorClass)) cancelled();
      else if (gate.breaker.state === "closed") schedule(PROBE_AGAIN_MS);
    },
    cancel: () => cancelled(),
  };
}

/**
 * A port that was silent is checked before anybody's question is risked on it again: that would cost its whole time limit. Any
 * other failure is quick, and traffic proves more.
 */
export function checkFirst<P extends Port>(runner: Runner<P>, watched: boolean): boolean {
  return watched && runner.port.probe !== undefined && runner.lastReason === "timeout";
}

/** For one check, which nobody waits for: what its code takes to load is no time of the check. */
export function probeContext(clock: Clock, layer: string): CallContext {
  return createContext({ clock, requestId: `probe-${layer}`, deadlineMs: 2 * PROBE_LIMIT_MS });
}
