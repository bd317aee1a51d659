import type { Clock, Random } from "./clock.ts";

/** Every admission ends, once, in one of three ways; what comes after the first is ignored. */
export interface Permit {
  /** `probed`: by a background probe, which proves less than traffic: the next failure opens again at once. */
  succeed(options?: { readonly probed?: boolean }): void;
  /** `trip` opens the breaker at once, whatever the count. */
  fail(options?: { readonly trip?: boolean }): void;
  /** The call says nothing about the port: the caller went away, or the request itself was wrong. */
  release(): void;
}

export type BreakerState = "closed" | "open" | "half_open";

export interface BreakerStatus {
  readonly state: BreakerState;
  /** Consecutive failures. */
  readonly failures: number;
  /** Calls admitted since the start of the process. */
  readonly calls: number;
  /** Wall-clock time from which a probe is admitted; null unless open. */
  readonly nextProbeAt: Date | null;
  /** Calls refused since the start of the process. */
  readonly notPermitted: number;
}

export interface Breaker {
  readonly state: BreakerState;
  /** A permit, or undefined at once: nobody queues. */
  acquire(): Permit | undefined;
  /** Milliseconds until a probe would be admitted: 0 unless open. */
  probeInMs(): number;
  status(): BreakerStatus;
}

export interface BreakerOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Consecutive failures that open it, 1 to 1000. Default 3. */
  readonly failureThreshold?: number;
  /** First open time in ms, default 5 000; doubles with each trip that follows within `forgetMs`. */
  readonly openMs?: number;
  /** Longest open time in ms, default 300 000. */
  readonly maxOpenMs?: number;
  /** Closed for this long, the next open time starts from `openMs` again. In ms, default 60 000. */
  readonly forgetMs?: number;
  /** Called after each transition. */
  readonly onTransition?: (state: BreakerState) => void;
}

// Of the jittered time: a tenth at least, so that an open breaker always spares the port something.
const SHORTEST_SHARE = 0.1;

type State =
  | { readonly kind: "closed"; readonly since: number; failures: number }
  | { readonly kind: "open"; readonly until: number; readonly failures: number }
  | { readonly kind: "half_open"; probing: boolean; readonly failures: number };

/**
 * Closed -> open after `failureThreshold` consecutive failures; open -> half-open when the open time is over; half-open
 * admits one probe, whose success closes and whose failure opens again. What a background probe has closed, the first failure
 * of traffic opens again. A permit of an earlier era (before the last
 * transition) is deaf: it changes nothing. The open time is `openMs * 2^n`, at most `maxOpenMs`, with full jitter
 * (uniform, https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/) above a tenth of it.
 */
export function createBreaker(options: BreakerOptions): Breaker {
  const { clock, random } = options;
  const failureThreshold = options.failureThreshold ?? 3;
  const openMs = options.openMs ?? 5_000;
  const maxOpenMs = options.maxOpenMs ?? 300_000;
  const forgetMs = options.forgetMs ?? 60_000;

  let state: State = { kind: "closed", since: Number.NEGATIVE_INFINITY, failures: 0 };
  let era = 0;
  let trips = 0;
  let calls = 0;
  let notPermitted = 0;

  function enter(next: State): void {
    state = next;
    era += 1;
    options.onTransition?.(next.kind);
  }

  function open(failures: number): void {
    if (state.kind === "closed" && clock.now() - state.since >= forgetMs) trips = 0;
    const longest = Math.min(openMs * 2 ** trips, maxOpenMs);
    trips += 1;
    const share = SHORTEST_SHARE + (1 - SHORTEST_SHARE) * random();
    enter({ kind: "open", until: clock.now() + longest * share, failures });
  }

  function onSuccess(probed: boolean): void {
    const failures = probed ? failureThreshold - 1 : 0;
    if (state.kind === "closed") state.failures = failures;
    else enter({ kind: "closed", since: clock.now(), failures });
  }

  function onFailure(trip: boolean): void {
    const failures = state.failures + 1;
    if (state.kind === "closed") {
      state.failures = failures;
      if (trip || failures >= failureThreshold) open(failures);
    } else open(failures);
  }

  function permit(): Permit {
    const born = era;
    let ended = false;
    const end = (effect: () => void) => {
      if (ended) return;
      ended = true;
      if (born === era) effect();
    };
    return {
      succeed: (how) => end(() => onSuccess(how?.probed ?? false)),
      fail: (how) => end(() => onFailure(how?.trip ?? false)),
      release: () =>
        end(() => {
          if (state.kind === "half_open") state.probing = false;
        }),
    };
  }

  return {
    get state() {
      return state.kind;
    },
    acquire() {
      if (state.kind === "open" && clock.now() >= state.until) {
        enter({ kind: "half_open", probing: false, failures: state.failures });
      }
      if (state.kind === "open" || (state.kind === "half_open" && state.probing)) {
        notPermitted += 1;
        return undefined;
      }
      if (state.kind === "half_open") state.probing = true;
      calls += 1;
      return permit();
    },
    probeInMs: () => (state.kind === "open" ? Math.max(0, state.until - clock.now()) : 0),
    status: () => ({
      state: state.kind,
      failures: state.failures,
      calls,
      nextProbeAt:
        state.kind === "open" ? new Date(clock.wall().getTime() + Math.max(0, state.until - clock.now())) : null,
      notPermitted,
    }),
  };
}
