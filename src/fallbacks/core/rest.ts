import type { Clock, Random } from "./clock.ts";
import { type ErrorClass, type LayerError, ruleOf } from "./errors.ts";

export interface RestOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** First cooldown in ms after a refusal that names no time, default 60 000; doubles with each that follows, with jitter. */
  readonly cooldownMs?: number;
  /** First time in ms for which a port is parked, default 900 000; doubles with each that follows. */
  readonly parkedMs?: number;
  /** Longest of either in ms, default 3 600 000; what a server asks for is cut to it too. */
  readonly longestMs?: number;
}

export type RestKind = "cooldown" | "parked";

/** The time for which a port is left alone because it said so, or because asking again would be of no use. */
export interface Rest {
  /** The wait that is on, with ms left; undefined when none is. */
  readonly now: { readonly kind: RestKind; readonly ms: number } | undefined;
  /** It was resting and nobody has found out yet whether that helped. */
  readonly untried: boolean;
  /** Of the refusal that has set the wait. */
  readonly errorClass: ErrorClass | undefined;
  /**
   * Hears of a failed call that began at `since` (monotonic ms). The later end wins: a short wait never cuts a longer one.
   * Returns the wait, or undefined when this failure asks for none.
   */
  take(error: LayerError, since: number): { readonly kind: RestKind; readonly ms: number } | undefined;
  /**
   * Somebody else was told to wait `ms` more, cut to the longest wait. The later end wins, and it counts as no refusal of ours. Returns the wait
   * if it is a later one.
   */
  hear(
    kind: RestKind,
    ms: number,
    errorClass: ErrorClass,
  ): { readonly kind: RestKind; readonly ms: number } | undefined;
  /** A call that began at `since` succeeded. `probed`: a check, which cannot tell whether the next refusal is the first. */
  over(since: number, probed: boolean): void;
  /** Ends the wait: the next call finds out. */
  tryNow(): void;
}

const SHORTEST_SHARE = 0.5;

/**
 * Rate limits rest until the time that the server named, else for `cooldownMs * 2^n` with jitter down to a half; errors that a
 * person has to mend are parked for `parkedMs * 2^n`; both at most `longestMs`, where n counts the refusals of that kind
 * that each followed a wait. Nothing sleeps: a port that rests is passed over.
 */
export function createRest(options: RestOptions): Rest {
  const { clock, random, cooldownMs = 60_000, parkedMs = 900_000, longestMs = 3_600_000 } = options;
  let kind: RestKind | undefined;
  let until = 0;
  let setAt = Number.NEGATIVE_INFINITY;
  let errorClass: ErrorClass | undefined;
  /** Refusals of each kind that followed a wait, since the last success. */
  let counts = { cooldown: 0, parked: 0 };

  function lengthOf(error: LayerError, wanted: RestKind): number {
    const count = counts[wanted];
    if (wanted === "parked") return Math.min(parkedMs * 2 ** count, longestMs);
    if (error.retryAfterMs !== undefined && (error.retryAfterMs > 0 || count === 0)) {
      return Math.min(Math.max(0, error.retryAfterMs), longestMs);
    }
    const longest = Math.min(cooldownMs * 2 ** count, longestMs);
    return longest * (SHORTEST_SHARE + (1 - SHORTEST_SHARE) * random());
  }

  return {
    get now() {
      const ms = until - clock.now();
      return kind && ms > 0 ? { kind, ms } : undefined;
    },
    get untried() {
      return kind !== undefined;
    },
    get errorClass() {
      return errorClass;
    },
    hear(wanted, ms, because) {
      const end = clock.now() + Math.min(ms, longestMs);
      const later = end > clock.now() && (kind === undefined || end > until);
      if (!later) return undefined;
      setAt = clock.now();
      kind = wanted;
      until = end;
      errorClass = because;
      return { kind, ms: end - clock.now() };
    },
    take(error, since) {
      const rule = ruleOf(error.errorClass);
      const wanted = rule.rest ?? (rule.next && error.retryAfterMs !== undefined ? "cooldown" : undefined);
      if (!wanted) return undefined;
      // What was on its way when the wait began tells nothing new, except a later end that the server names.
      const late = kind !== undefined && since < setAt;
      if (late && error.retryAfterMs === undefined) return undefined;
      const end = clock.now() + lengthOf(error, wanted);
      if (!late) {
        counts = { ...counts, [wanted]: counts[wanted] + 1 };
        setAt = clock.now();
      }
      if (!kind || end > until) {
        kind = wanted;
        until = end;
        errorClass = error.errorClass;
      }
      return { kind, ms: Math.max(0, until - clock.now()) };
    },
    over(since, probed) {
      if (since < setAt) return;
      kind = undefined;
      if (!probed) counts = { cooldown: 0, parked: 0 };
    },
    tryNow() {
      until = clock.now();
    },
  };
}
