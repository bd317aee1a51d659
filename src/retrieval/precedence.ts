import type { Clock } from "../fallbacks/core/clock.ts";

/** Lets whoever is answered go before the reading of documents, for a bounded share of the time. */
export interface Precedence {
  /**
   * Somebody's question is being worked on in this process from now on: documents are held for as long as the credit lasts, and for at
   * most 100 ms, after which it waits for others or is not as urgent as it was. Returns the function that says, once, that it is done.
   */
  enter(): () => void;
  /** Whoever is answered waits for documents: nothing is held until the function that this returns is called, once. */
  lift(): () => void;
}

export interface PrecedenceOptions {
  /** One that shows how late this process really is; its timers do not keep the process alive. */
  readonly clock: Clock;
  /** Holds all work on documents in this process. Returns the function that lets it go on; none is held twice. */
  readonly hold: () => () => void;
  /** Of the time, above 0 and below 1, that documents may be held for in the long run. Default a third. */
  readonly share?: number;
  /** Ms of being held that may be saved up while nobody asks, 40 or more. Default 500. */
  readonly mostSavedMs?: number;
}

/** How long one piece of work holds documents, in ms: a turn that waits for a remote model takes longer than the work on this machine. */
const HOLD_MS = 100;
/**
 * Ms of credit that a hold begins with at least, about those of a turn: one that goes first for a part of its time gains little, and
 * documents would be stopped and started all the time.
 */
const LEAST_MS = 40;
/** Ms of credit, and of a timer, that are nothing. */
const NOTHING_MS = 1;

const SHARE = 1 / 3;
const MOST_SAVED_MS = 500;

/** For where nobody is held. */
export const noPrecedence: Precedence = { enter: () => () => {}, lift: () => () => {} };

/**
 * Holding is paid from a credit that grows with a share of the time: in any T ms documents are held for at most share x T +
 * mostSavedMs, however many ask, but for what timers are late.
 */
export function createPrecedence(options: PrecedenceOptions): Precedence {
  const { clock, hold, share = SHARE, mostSavedMs = MOST_SAVED_MS } = options;
  /** In the order in which they end by themselves. */
  const working = new Set<{ readonly until: number }>();
  let lifted = 0;
  let credit = mostSavedMs;
  let settledAt = clock.now();
  let release: (() => void) | undefined;
  let cancel = () => {};

  function settle(now: number): void {
    credit = Math.min(mostSavedMs, credit + (now - settledAt) * (release ? share - 1 : share));
    settledAt = now;
  }

  /** At each change, and when one is due. */
  function look(): void {
    cancel();
    const now = clock.now();
    settle(now);
    for (const one of working) if (one.until <= now) working.delete(one);
    const [first] = working;
    const isWanted = first !== undefined && lifted === 0;
    if (release && !(isWanted && credit > NOTHING_MS)) {
      release();
      release = undefined;
    } else if (!release && isWanted && credit >= LEAST_MS) {
      release = hold();
    }
    if (!isWanted) return;
    const change = release ? credit / (1 - share) : (LEAST_MS - credit) / share;
    cancel = clock.after(Math.max(NOTHING_MS, Math.min(first.until - now, change)), look, { background: true });
  }

  /** Once. */
  function undone(undo: () => void): () => void {
    let done = false;
    look();
    return () => {
      if (done) return;
      done = true;
      undo();
      look();
    };
  }

  return {
    enter() {
      const one = { until: clock.now() + HOLD_MS };
      working.add(one);
      return undone(() => working.delete(one));
    },
    lift() {
      lifted += 1;
      return undone(() => {
        lifted -= 1;
      });
    },
  };
}
