import type { Breaker, BreakerState } from "./breaker.ts";
import type { Clock, Random } from "./clock.ts";
import { createDoubt } from "./doubt.ts";
import type { ErrorClass } from "./errors.ts";
import type { Rest, RestKind } from "./rest.ts";
import type { PortWord, Share } from "./share.ts";

/** What others have brought about at a port. `granted`: we are the one that probes. */
export type Heard =
  | { readonly kind: "open"; readonly errorClass: ErrorClass | undefined }
  | { readonly kind: "rest"; readonly rest: RestKind; readonly ms: number; readonly errorClass: ErrorClass }
  | { readonly kind: "free" | "granted" | "later" };

/** The part of a gate that speaks with the gates of other processes before the same port. */
export interface Sharing {
  /** The open time is over: whether this process may find out now. Asks for the right when it has to, and says no until it knows. */
  mayProbe(): boolean;
  /** `mayProbe` would say no. */
  readonly waits: boolean;
  /** The breaker went over to `state`; `byPeer`: by what was heard here. */
  changed(state: BreakerState, byPeer: boolean, errorClass: ErrorClass | undefined): void;
  /** A call is let through: this process sees for itself. */
  looked(): void;
  /** The first success after an open time. */
  well(): void;
  rests(kind: RestKind, ms: number, errorClass: ErrorClass): void;
  /** The first success after a wait. */
  rested(): void;
  /** Of an operator: the next call goes without asking the others. `tell`: the others try it too. */
  tryNow(tell: boolean): void;
  leave(): void;
}

export interface SharingOptions {
  readonly share: Share;
  readonly clock: Clock;
  readonly random: Random;
  readonly breaker: Pick<Breaker, "state" | "serving" | "openFor" | "tryNow" | "probeInMs">;
  readonly rest: Rest;
  /** The longest probe in ms. */
  readonly callMs: number;
  /** The longest open time in ms. */
  readonly maxOpenMs: number;
  /** After each word that changed something, and when the right to probe is known. */
  readonly onHeard: (heard: Heard) => void;
}

/** How long after it was asked for the right to probe may be taken up, in ms. */
const TAKE_UP_MS = 5_000;
/** Those who were told the same end do not go at the same instant when nobody can tell who is first, in ms. */
const JITTER_MS = 1_000;
/** What others say keeps nobody from a port for longer than this without looking, in ms. */
const LONGEST_HELD_MS = 3_600_000;

/**
 * Transitions go both ways, and each process applies them to its own breaker at once. When the open time is over, the window
 * belongs to whoever gets the claim on it; for the others it goes on until they hear how the probe ended, and for as long as a probe can
 * take at the most. Who cannot ask goes alone. Windows that began at the same time in several processes
 * become one: the latest end and the greatest name, which is said again, as whoever comes later hears the last word only.
 */
export function createSharing(options: SharingOptions): Sharing {
  const { clock, random, breaker, rest, callMs, maxOpenMs, onHeard } = options;
  const leaseMs = callMs + TAKE_UP_MS;
  const doubt = createDoubt(clock);
  let window = "";
  /** The name is of our making: nobody else would say it again. */
  let named = false;
  /** Monotonic end of the open time, without what waiting for a probe of others adds. */
  let windowEnds = Number.NEGATIVE_INFINITY;
  /** Others have brought the window about. */
  let told = false;
  /** Others wait for the same end. */
  let together = false;
  /** No right is needed in this window. */
  let free = false;
  let asking = false;
  /** Until when the right to probe may be taken up; undefined: it is not ours. */
  let grantEnds: number | undefined;
  /** Since when this process goes by the words of others only. */
  let heldSince: number | undefined;
  /** The latest end of a wait that the others know. */
  let restEnds = Number.NEGATIVE_INFINITY;
  let left = false;

  function begin(name: string, ms: number, byPeer: boolean): void {
    window = name;
    named = !byPeer;
    windowEnds = clock.now() + ms;
    told = byPeer;
    together = byPeer;
    free = false;
    grantEnds = undefined;
  }

  /** How much of `ms` is gone by; 0 or less: nothing. */
  function bounded(ms: number): number {
    heldSince ??= clock.now();
    return Math.min(ms, heldSince + LONGEST_HELD_MS - clock.now());
  }

  function hearOpen({ ms, window: name, errorClass }: PortWord & { readonly kind: "open" }): void {
    if (name === window) {
      // Whoever says it again has missed that it is over.
      if (breaker.serving) share.tell({ kind: "well" });
      return;
    }
    const length = bounded(Math.min(ms, maxOpenMs));
    if (length <= 0 || doubt.strong) return;
    const goesOn = breaker.state === "open" && clock.now() < windowEnds;
    if (goesOn) {
      if (name > window) {
        window = name;
        named = false;
      }
      windowEnds = Math.max(windowEnds, clock.now() + length);
      if (named) share.tell({ kind: "open", ms: windowEnds - clock.now(), window, errorClass });
    } else begin(name, length, true);
    breaker.openFor(length, { trip: !goesOn });
    onHeard({ kind: "open", errorClass });
  }

  function hearRest({ rest: kind, ms, errorClass }: PortWord & { readonly kind: "rest" }): void {
    const taken = rest.hear(kind, bounded(ms), errorClass);
    if (!taken) return;
    restEnds = clock.now() + taken.ms;
    onHeard({ kind: "rest", rest: taken.kind, ms: taken.ms, errorClass });
  }

  function hearFree(word: "well" | "rested" | "try_now"): void {
    const opens = word !== "rested" && breaker.state !== "closed";
    const ends = word !== "well" && rest.now !== undefined;
    if (opens) {
      free ||= word === "well";
      windowEnds = Math.min(windowEnds, clock.now());
      breaker.tryNow();
    }
    if (ends) {
      // One call finds out: that somebody else was served tells little of what a crowd would be told.
      restEnds = Number.NEGATIVE_INFINITY;
      rest.tryNow();
    }
    if (opens || ends) onHeard({ kind: "free" });
  }

  /** Nobody can tell who is first. Returns whether to go now. */
  function goAlone(): boolean {
    free = true;
    if (together) breaker.openFor(random() * JITTER_MS);
    return !together;
  }

  async function ask(): Promise<void> {
    const asked = window;
    const askedAt = clock.now();
    asking = true;
    const answer = await share.claim(asked, leaseMs);
    asking = false;
    // Meanwhile it was found out, or another window has begun.
    if (left || free || asked !== window || breaker.serving) return;
    if (answer) {
      grantEnds = askedAt + TAKE_UP_MS;
      return onHeard({ kind: "granted" });
    }
    const ms = answer === false ? bounded(leaseMs) : 0;
    together ||= answer === false;
    if (ms > 0) breaker.openFor(ms);
    else goAlone();
    onHeard({ kind: "later" });
  }

  const mayGo = () => free || (grantEnds !== undefined && clock.now() <= grantEnds);

  const share = options.share.join({
    hear(word) {
      if (left) return;
      if (word.kind === "open") return hearOpen(word);
      if (word.kind === "rest") return hearRest(word);
      hearFree(word.kind);
    },
    connected() {
      if (left) return;
      const openMs = windowEnds - clock.now();
      if (breaker.state === "open" && openMs > 0) share.tell({ kind: "open", ms: openMs, window });
      const { now, errorClass } = rest;
      if (!now || !errorClass) return;
      restEnds = clock.now() + now.ms;
      share.tell({ kind: "rest", rest: now.kind, ms: now.ms, errorClass });
    },
  });

  return {
    mayProbe() {
      if (mayGo()) return true;
      if (!share.connected) return goAlone();
      if (!asking) void ask();
      return false;
    },
    get waits() {
      return share.connected && !mayGo();
    },
    changed(state, byPeer, errorClass) {
      if (state !== "open" || byPeer) return;
      doubt.ownFailure();
      const name = share.newWindow();
      const ms = breaker.probeInMs();
      begin(name, ms, false);
      share.tell({ kind: "open", ms, window: name, errorClass });
    },
    looked() {
      heldSince = undefined;
    },
    well() {
      if (told) doubt.contradicted();
      told = false;
      share.tell({ kind: "well" });
    },
    rests(kind, ms, errorClass) {
      const end = clock.now() + ms;
      if (ms <= 0 || end <= restEnds) return;
      restEnds = end;
      share.tell({ kind: "rest", rest: kind, ms, errorClass });
    },
    rested() {
      restEnds = Number.NEGATIVE_INFINITY;
      share.tell({ kind: "rested" });
    },
    tryNow(tell) {
      free = true;
      windowEnds = Math.min(windowEnds, clock.now());
      restEnds = Number.NEGATIVE_INFINITY;
      if (tell) share.tell({ kind: "try_now" });
    },
    leave() {
      left = true;
      share.leave();
    },
  };
}
