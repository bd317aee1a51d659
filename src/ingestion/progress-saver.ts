import { setImmediate as nextTurn } from "node:timers/promises";
import type { Json } from "../fallbacks/store/port.ts";
import { type IngestProgress, progressJson } from "./ingest-records.ts";

/** Saves how a job gets on. */
export interface ProgressSaver {
  readonly current: IngestProgress;
  /**
   * Is saved while the work goes on, from the next turn of the event loop on. Of states that come until then, or while another one is being
   * saved, the last one is saved, for all of them; one that cannot be saved is with the next one. @throws what saving a state has thrown, when the job was lost by then: the work is to stop.
   */
  soon(change: Partial<IngestProgress>): void;
  /**
   * Is saved when this returns; where the store was away for a moment, at the second try.
   * @throws what that has thrown, and at once what `soon` throws.
   */
  save(change: Partial<IngestProgress>): Promise<void>;
  /** Resolves when nothing is being saved any more. Never throws. */
  settled(): Promise<void>;
}

export interface ProgressSaverOptions {
  readonly first: IngestProgress;
  /** ISO time. */
  readonly now: () => string;
  readonly write: (progress: Json) => Promise<void>;
  /** Whether somebody else does the job by now, asked when a state could not be saved: nothing more is saved then. */
  readonly isLost: () => boolean;
  /** Hears of each state, in order, when it or a later one is saved. */
  readonly announce: (progress: IngestProgress) => void;
}

interface Failure {
  readonly error: unknown;
  /** Whoever has begun the job again knows better. */
  readonly final: boolean;
}

export function createProgressSaver(options: ProgressSaverOptions): ProgressSaver {
  const { now, write, isLost, announce } = options;
  let current = options.first;
  let unsaved: readonly IngestProgress[] = [];
  let saving: Promise<void> | undefined;
  /** Of the last attempt to save. */
  let failure: Failure | undefined;

  /** True: it is to go on, as something has come meanwhile. */
  async function saveOnce(states: readonly IngestProgress[], last: IngestProgress): Promise<boolean> {
    unsaved = [];
    try {
      await write(progressJson(last));
    } catch (error) {
      failure = { error, final: isLost() };
      const more = unsaved.length > 0;
      unsaved = [...states, ...unsaved];
      return more && !failure.final;
    }
    failure = undefined;
    for (const state of states) announce(state);
    return true;
  }

  async function saveAll(): Promise<void> {
    for (let last = unsaved.at(-1); last && (await saveOnce(unsaved, last)); last = unsaved.at(-1));
    saving = undefined;
  }

  function throwIfLost(): void {
    if (failure?.final) throw failure.error;
  }

  function note(change: Partial<IngestProgress>): void {
    throwIfLost();
    current = { ...current, ...change, updatedAt: now(), saves: current.saves + 1 };
    unsaved = [...unsaved, current];
  }

  return {
    get current() {
      return current;
    },
    soon(change) {
      note(change);
      saving ??= nextTurn().then(saveAll);
    },
    async save(change) {
      note(change);
      saving ??= saveAll();
      await saving;
      if (!failure) return;
      throwIfLost();
      saving ??= saveAll();
      await saving;
      // It is set by what was waited for.
      const again = failure as Failure | undefined;
      if (again) throw again.error;
    },
    settled: async () => saving,
  };
}
