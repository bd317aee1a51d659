import type { Clock } from "./fallbacks/core/clock.ts";

/** Lets the first few lines of a subject through and counts the rest. */
export interface LogFold {
  /** Whether this line is to be written; if not, it is counted. */
  admits(subject: string, kind: string): boolean;
  /** Gives every count that is left. */
  close(): void;
}

export interface LogFoldOptions {
  readonly clock: Clock;
  /** Gets how many lines of each kind were left out, at most once a minute for each subject. */
  readonly summary: (subject: string, folded: Readonly<Record<string, number>>) => void;
}

const WINDOW_MS = 60_000;
/** Lines of one kind and subject that are written in one window. */
const FIRST_FEW = 5;

interface Window {
  until: number;
  readonly written: Map<string, number>;
  readonly folded: Map<string, number>;
  cancel: (() => void) | undefined;
}

/**
 * The first 5 lines of each kind in a minute are written; the others are counted and summed up in one line when the minute is over.
 * A kind that was folded stays so, with one sum a minute, until a whole minute has brought none of it. Subjects and kinds must be few:
 * they are kept.
 */
export function createLogFold({ clock, summary }: LogFoldOptions): LogFold {
  const windows = new Map<string, Window>();

  function windowOf(subject: string): Window {
    const now = clock.now();
    let window = windows.get(subject);
    if (!window || (now >= window.until && !window.cancel)) {
      window = { until: now + WINDOW_MS, written: new Map(), folded: new Map(), cancel: undefined };
      windows.set(subject, window);
    }
    return window;
  }

  function sumUp(subject: string, window: Window): void {
    window.cancel = undefined;
    summary(subject, Object.fromEntries(window.folded));
    for (const kind of window.written.keys()) if (!window.folded.has(kind)) window.written.delete(kind);
    window.folded.clear();
    window.until = clock.now() + WINDOW_MS;
  }

  return {
    admits(subject, kind) {
      const window = windowOf(subject);
      const written = window.written.get(kind) ?? 0;
      if (written < FIRST_FEW) {
        window.written.set(kind, written + 1);
        return true;
      }
      window.folded.set(kind, (window.folded.get(kind) ?? 0) + 1);
      const wait = window.until - clock.now();
      window.cancel ??= clock.after(wait, () => sumUp(subject, window), { background: true });
      return false;
    },
    close() {
      for (const [subject, window] of windows) {
        if (!window.cancel) continue;
        window.cancel();
        sumUp(subject, window);
      }
    },
  };
}
