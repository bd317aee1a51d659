import type { Json } from "../fallbacks/store/port.ts";
import { type IngestProgress, progressJson } from "./ingest-records.ts";

/** Saves how a job gets on. */
export interface ProgressSaver {
  readonly current: IngestProgress;
  /** Is saved while the work goes on. Of states that come while another one is being saved the last one is saved, for all of them. */
  soon(change: Partial<IngestProgress>): void;
  /** Is saved when this returns. @throws what saving it, or a state before, has thrown. */
  save(change: Partial<IngestProgress>): Promise<void>;
  /** Resolves when nothing is being saved any more. Never throws. */
  settled(): Promise<void>;
}

export interface ProgressSaverOptions {
  readonly first: IngestProgress;
  /** ISO time. */
  readonly now: () => string;
  readonly write: (progress: Json) => Promise<void>;
  /** Hears of each state, in order, when it or a later one is saved. */
  readonly announce: (progress: IngestProgress) => void;
}

/** After a failure nothing more is saved: whoever begins the job again knows better. */
export function createProgressSaver({ first, now, write, announce }: ProgressSaverOptions): ProgressSaver {
  let current = first;
  let unsaved: IngestProgress[] = [];
  let saving: Promise<void> | undefined;
  let failed: { readonly error: unknown } | undefined;

  async function saveAll(): Promise<void> {
    for (let last = unsaved.at(-1); last && !failed; last = unsaved.at(-1)) {
      const states = unsaved;
      unsaved = [];
      try {
        await write(progressJson(last));
        for (const state of states) announce(state);
      } catch (error) {
        failed = { error };
      }
    }
    saving = undefined;
  }

  function soon(change: Partial<IngestProgress>): void {
    current = { ...current, ...change, updatedAt: now(), saves: current.saves + 1 };
    unsaved.push(current);
    saving ??= saveAll();
  }

  return {
    get current() {
      return current;
    },
    soon,
    async save(change) {
      soon(change);
      await saving;
      if (failed) throw failed.error;
    },
    settled: async () => saving,
  };
}
