import { setMaxListeners } from "node:events";
import type { Clock } from "./clock.ts";
import { LayerError } from "./errors.ts";

/** The signal of work whose caller cannot go away: one for all, as making one and listening to it is dear. */
export const nobodyLeaves: AbortSignal = new AbortController().signal;
setMaxListeners(0, nobodyLeaves);

/** A point on the monotonic clock by which the work must have ended. */
export interface Deadline {
  /** Monotonic milliseconds of the end. */
  readonly at: number;
  /** Milliseconds left, 0 once it has passed. */
  remaining(): number;
}

export function deadlineIn(clock: Clock, ms: number): Deadline {
  const at = clock.now() + ms;
  return { at, remaining: () => Math.max(0, at - clock.now()) };
}

/**
 * Like `clock.after`, for a limit on somebody else's answer: when it is over, what has arrived is heard first. An event loop
 * that was held up would otherwise find the time over before it has looked whether the answer is there.
 */
export function expireAfter(clock: Clock, ms: number, run: () => void): () => void {
  let cancel = clock.after(ms, () => {
    cancel = clock.after(0, run);
  });
  return () => cancel();
}

/** A limit on silence: the work that shows no sign of life for the idle time has failed. */
export interface IdleLimit {
  /** The answer has begun: the first content is there. Ends the limit on the wait for it, and starts that on silence. */
  begin(): void;
  /** Starts or restarts the count; before `begin`, where there is a limit on the wait for that, it changes nothing. */
  restart(): void;
  /** Suspends it, for example while a long step is known to be running. */
  stop(): void;
}

export const noIdleLimit: IdleLimit = { begin() {}, restart() {}, stop() {} };

export interface Limits {
  readonly clock: Clock;
  /** Ends the work when the caller goes away. */
  readonly signal: AbortSignal;
  /** Milliseconds for the whole work. */
  readonly ms: number;
  /** Milliseconds until `begin`; absent: no such limit, and silence counts from the start. */
  readonly firstMs?: number | undefined;
  /** Milliseconds of silence; absent means no such limit. */
  readonly idleMs?: number | undefined;
}

/** What a piece of work under limits is given. */
export interface Scope {
  /** Aborts when the work is given up. Made when it is first asked for, as it is dearer than all the rest. */
  readonly signal: () => AbortSignal;
  readonly idle: IdleLimit;
}

/**
 * Runs `work` and settles at the latest after `ms`, after `firstMs` without a beginning, after `idleMs` of silence, or when
 * `signal` aborts, also if the work is deaf to the signal that it is given.
 * @throws {LayerError} `timeout` at a limit, `aborted` when the caller went away; else what the work threw.
 */
export function within<T>(limits: Limits, work: (signal: AbortSignal, idle: IdleLimit) => Promise<T>): Promise<T> {
  return withinScope(limits, (scope) => work(scope.signal(), scope.idle));
}

/** As `within`, for work that is called often and rarely needs the signal. */
export function withinScope<T>(limits: Limits, work: (scope: Scope) => Promise<T>): Promise<T> {
  const { signal } = limits;
  if (signal.aborted) return Promise.reject(goneAway(signal));
  return new Promise<T>((resolve, reject) => {
    let controller: AbortController | undefined;
    let stopped: LayerError | undefined;
    const stop = (error: LayerError) => {
      stopped = error;
      settle();
      reject(error);
      controller?.abort(error);
    };
    const onAbort = () => stop(goneAway(signal));
    const watch = watchOver(limits, stop);
    const settle = () => {
      watch.end();
      if (listens) signal.removeEventListener("abort", onAbort);
    };
    const listens = signal !== nobodyLeaves;
    if (listens) signal.addEventListener("abort", onAbort);
    const scope: Scope = {
      signal() {
        controller ??= createController(stopped);
        return controller.signal;
      },
      idle: watch.idle,
    };
    let working: Promise<T>;
    try {
      working = work(scope);
    } catch (error) {
      // A work that throws before its first await must be a rejection too.
      settle();
      reject(error);
      return;
    }
    working.then(
      (value) => {
        settle();
        resolve(value);
      },
      (error: unknown) => {
        settle();
        reject(error);
      },
    );
  });
}

function createController(stopped: LayerError | undefined): AbortController {
  const controller = new AbortController();
  // A piece of work may have any number of calls in flight, and each listens: that is no leak to warn of.
  setMaxListeners(0, controller.signal);
  if (stopped) controller.abort(stopped);
  return controller;
}

function goneAway(signal: AbortSignal): LayerError {
  return new LayerError("aborted", "the caller went away", { cause: signal.reason });
}

interface Watch {
  readonly idle: IdleLimit;
  end(): void;
}

/** Calls `stop` once when the first of the limits is over. */
function watchOver(limits: Limits, stop: (error: LayerError) => void): Watch {
  const { clock, ms, firstMs, idleMs } = limits;
  if (firstMs !== undefined || idleMs !== undefined) return watchSilence(limits, stop);
  return { idle: noIdleLimit, end: expireAfter(clock, ms, () => stop(tooLate(ms))) };
}

/** One timer for all limits. A sign of life only notes the time, and the timer finds it when it fires. */
function watchSilence({ clock, ms, firstMs, idleMs }: Limits, stop: (error: LayerError) => void): Watch {
  const startedAt = clock.now();
  const endsAt = startedAt + ms;
  let waitsForFirst = firstMs !== undefined;
  /** When the wait for the first content, or the silence, will have been too long. */
  let quietUntil = startedAt + (firstMs ?? idleMs ?? Number.POSITIVE_INFINITY);
  let ended = false;
  let setFor = 0;
  let cancel = () => {};

  function set(): void {
    cancel();
    setFor = Math.min(endsAt, quietUntil);
    cancel = expireAfter(clock, setFor - clock.now(), look);
  }

  function look(): void {
    const now = clock.now();
    if (now < Math.min(endsAt, quietUntil)) set();
    else if (now < endsAt) stop(new LayerError("timeout", quietFor()));
    else stop(tooLate(ms));
  }

  function quietFor(): string {
    if (waitsForFirst) return `no first token within ${Math.round(firstMs ?? 0)} ms`;
    return `silent for ${Math.round(idleMs ?? 0)} ms`;
  }

  function restart(): void {
    if (ended || waitsForFirst) return;
    quietUntil = idleMs === undefined ? Number.POSITIVE_INFINITY : clock.now() + idleMs;
    if (quietUntil < setFor) set();
  }

  const idle: IdleLimit = {
    begin() {
      waitsForFirst = false;
      restart();
    },
    restart,
    stop() {
      if (!waitsForFirst) quietUntil = Number.POSITIVE_INFINITY;
    },
  };
  set();
  return {
    idle,
    end() {
      ended = true;
      cancel();
    },
  };
}

function tooLate(ms: number): LayerError {
  return new LayerError("timeout", `no answer within ${Math.round(ms)} ms`);
}
