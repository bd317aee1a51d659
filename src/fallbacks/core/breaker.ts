import { type CallWindow, clearWindow, countCall, createCallWindow, forgetOld } from "./call-window.ts";
import type { Clock, Random } from "./clock.ts";

/** Every admission ends, once, in one of three ways; what comes after the first is ignored. */
export interface Permit {
  /**
   * `probed`: by a background probe, which proves less than traffic: where it closes, the next failure opens again at once, and
   * while closed it changes nothing.
   * `slow`: it worked, but took longer than whoever called finds bearable.
   */
  succeed(options?: { readonly probed?: boolean; readonly slow?: boolean }): void;
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
  /** Share of failures among the calls of the window, 0 to 1; null below `windowCalls` calls. */
  readonly failureRate: number | null;
  /** Calls admitted since the start of the process. */
  readonly calls: number;
  /** Wall-clock time from which a probe is admitted; null unless open. */
  readonly nextProbeAt: Date | null;
  /** Calls refused since the start of the process. */
  readonly notPermitted: number;
}

export interface Breaker {
  readonly state: BreakerState;
  /** The latest word is a success: it is closed, or half open with its probe behind it and more callers let in step by step. */
  readonly serving: boolean;
  /** A permit, or undefined at once: nobody queues. */
  acquire(): Permit | undefined;
  /** Ends the open time now, so that the next `acquire` is the probe. Does nothing unless open. */
  tryNow(): void;
  /**
   * By the word of somebody else: open for `ms` more at least, which is no failure. `trip`: a new outage, or one that goes on, so it is
   * open for `ms` from now, and the next time for longer.
   */
  openFor(ms: number, how?: { readonly trip: boolean }): void;
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
  /** When half open and full: the time in ms after which calls that have not ended count as a failure. Default 15 000. */
  readonly probeMs?: number;
  /** How many calls at a time half open lets in at most before it closes: 1, 2 or 4. Default 4; 1: the first success closes. */
  readonly rampTo?: 1 | 2 | 4;
  /** How far back the share of failed or slow calls is taken, in ms above 0, default 60 000. */
  readonly windowMs?: number;
  /** Calls in the window below which their share says nothing, 1 or more, default 10. */
  readonly windowCalls?: number;
  /** Share of failed calls in the window that opens it, and the same for slow ones: above 0, at most 1. Default 0.5. */
  readonly windowShare?: number;
  /** Asked when the open time is over, before each call that is to find out. Default: it may. False: it is refused. */
  readonly mayProbe?: () => boolean;
  /** Called after each transition. `byPeer`: by the word of somebody else. */
  readonly onTransition?: (state: BreakerState, byPeer: boolean) => void;
}

// Of the jittered time: a tenth at least, so that an open breaker always spares the port something.
const SHORTEST_SHARE = 0.1;
const ENDED = -1;

interface HalfOpen {
  readonly kind: "half_open";
  /** How many may be in flight: 1, 2, 4. */
  width: number;
  inFlight: number;
  /** Successes at this width; as many as the width end the step. */
  succeeded: number;
  lastAdmittedAt: number;
  failures: number;
}

type State =
  | { readonly kind: "closed"; readonly since: number; failures: number }
  | { readonly kind: "open"; until: number; readonly failures: number }
  | HalfOpen;

/**
 * Closed -> open after `failureThreshold` consecutive failures, or when `windowShare` of at least `windowCalls` calls of the
 * window failed, or were slow; only a failure or a slow call opens. Open -> half-open when the open time is over.
 * Half-open admits one probe and refuses everybody else at once; its success admits 2 at a time, two more successes 4, and
 * four more close (sooner with a smaller `rampTo`); a failure on the way opens again. When all who may be in flight have been
 * for `probeMs`, that is a failure too, found by the next `acquire`, so that no probe that hangs keeps everybody out. The
 * success of a background probe closes without these steps, and the first failure of traffic then opens again.
 * A permit of an earlier era (before the last transition) is deaf: it changes nothing. The open time is `openMs * 2^n`, at
 * most `maxOpenMs`, with full jitter (uniform, https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/)
 * above a tenth of it.
 */
export function createBreaker(options: BreakerOptions): Breaker {
  const { clock, random, failureThreshold = 3, openMs = 5_000, maxOpenMs = 300_000, forgetMs = 60_000 } = options;
  const { probeMs = 15_000, windowMs = 60_000, windowCalls = 10, windowShare = 0.5, rampTo = 4 } = options;

  const window: CallWindow = createCallWindow(windowMs);
  let state: State = { kind: "closed", since: Number.NEGATIVE_INFINITY, failures: 0 };
  let era = 0;
  let trips = 0;
  let calls = 0;
  let notPermitted = 0;

  function enter(next: State, byPeer = false): void {
    state = next;
    era += 1;
    breaker.state = next.kind;
    breaker.serving = next.kind === "closed";
    options.onTransition?.(next.kind, byPeer);
  }

  function countTrip(): void {
    if (state.kind === "closed" && clock.now() - state.since >= forgetMs) trips = 0;
    trips += 1;
  }

  function open(failures: number): void {
    countTrip();
    const longest = Math.min(openMs * 2 ** (trips - 1), maxOpenMs);
    const share = SHORTEST_SHARE + (1 - SHORTEST_SHARE) * random();
    enter({ kind: "open", until: clock.now() + longest * share, failures });
  }

  function close(failures: number): void {
    // What was counted before the outage says nothing about the time after it.
    clearWindow(window);
    enter({ kind: "closed", since: clock.now(), failures });
  }

  /** Whether that many of the calls of the window are too many. */
  const tooMany = (count: number) => window.calls >= windowCalls && count >= windowShare * window.calls;

  function onSuccess(probed: boolean, slow: boolean): void {
    if (state.kind === "half_open") return onHalfOpenSuccess(state, probed);
    if (state.kind === "open") return;
    // A check while it is closed proves too little to change anything.
    if (probed) return;
    state.failures = 0;
    countCall(window, clock.now(), slow ? "slow" : "good");
    if (slow && tooMany(window.slow)) open(0);
  }

  function onHalfOpenSuccess(step: HalfOpen, probed: boolean): void {
    if (probed) return close(failureThreshold - 1);
    step.failures = 0;
    step.inFlight -= 1;
    step.succeeded += 1;
    if (step.succeeded < step.width) return;
    if (step.width >= rampTo) return close(0);
    step.width *= 2;
    step.succeeded = 0;
    breaker.serving = true;
  }

  function onFailure(trip: boolean): void {
    const failures = state.failures + 1;
    if (state.kind !== "closed") return open(failures);
    state.failures = failures;
    countCall(window, clock.now(), "failure");
    if (trip || failures >= failureThreshold || tooMany(window.failures)) open(failures);
  }

  function permit(): Permit {
    let born = era;
    return {
      succeed(how) {
        if (born !== era) return;
        born = ENDED;
        onSuccess(how?.probed ?? false, how?.slow ?? false);
      },
      fail(how) {
        if (born !== era) return;
        born = ENDED;
        onFailure(how?.trip ?? false);
      },
      release() {
        if (born !== era) return;
        born = ENDED;
        if (state.kind === "half_open") state.inFlight -= 1;
      },
    };
  }

  /** Whether one more may be let in now; counts it if so. */
  function admit(): boolean {
    if (state.kind === "closed") return true;
    const now = clock.now();
    if (state.kind === "open") {
      if (now < state.until || options.mayProbe?.() === false) return false;
      const { failures } = state;
      enter({ kind: "half_open", width: 1, inFlight: 1, succeeded: 0, lastAdmittedAt: now, failures });
      return true;
    }
    if (state.inFlight >= state.width) {
      if (now - state.lastAdmittedAt >= probeMs) open(state.failures + 1);
      return false;
    }
    if (state.width === 1 && options.mayProbe?.() === false) return false;
    state.inFlight += 1;
    state.lastAdmittedAt = now;
    return true;
  }

  // Values rather than getters, which V8 keeps a hidden class for in every single object.
  const breaker: { -readonly [Key in keyof Breaker]: Breaker[Key] } = {
    state: "closed",
    serving: true,
    acquire() {
      if (!admit()) {
        notPermitted += 1;
        return undefined;
      }
      calls += 1;
      return permit();
    },
    tryNow() {
      if (state.kind === "open") state.until = clock.now();
    },
    openFor(ms, how) {
      const until = clock.now() + ms;
      if (how?.trip) countTrip();
      if (state.kind === "open") state.until = how?.trip ? until : Math.max(state.until, until);
      else enter({ kind: "open", until, failures: state.failures }, true);
    },
    probeInMs: () => (state.kind === "open" ? Math.max(0, state.until - clock.now()) : 0),
    status() {
      forgetOld(window, clock.now());
      return {
        state: state.kind,
        failures: state.failures,
        failureRate: window.calls < windowCalls ? null : window.failures / window.calls,
        calls,
        nextProbeAt:
          state.kind === "open" ? new Date(clock.wall().getTime() + Math.max(0, state.until - clock.now())) : null,
        notPermitted,
      };
    },
  };
  return breaker;
}
