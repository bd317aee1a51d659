import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KillFigures } from "./kill.ts";
import { runKill } from "./run-kill.ts";
import { createSubject, type StoreKind } from "./subjects.ts";

export interface DrillKillOptions {
  readonly store: StoreKind;
  readonly cycles: number;
  readonly seed: number;
  /** What Node runs as the server. Default: that of this tree. */
  readonly script?: readonly string[];
  readonly onCycle?: (figures: KillFigures) => void;
  /** Ends it after the cycle that runs. */
  readonly signal?: AbortSignal;
}

export interface DrillKillResult {
  readonly figures: KillFigures;
  /** With the log and the data, when there were problems; else removed. */
  readonly directory: string | undefined;
}

/**
 * Runs the drill in a directory of its own under the system's temporary one, and leaves no process behind. The log,
 * `acknowledged.ndjson`, has a line for each request and each answer, in their order.
 * @throws {Error} when redis-server is needed and not installed.
 */
export async function drillKill(options: DrillKillOptions): Promise<DrillKillResult> {
  const directory = mkdtempSync(join(tmpdir(), "understudy-kill-"));
  const log = openSync(join(directory, "acknowledged.ndjson"), "a");
  let clean = false;
  try {
    const { store, script } = options;
    const subject = await createSubject({ store, directory, ...(script && { script }) });
    try {
      const figures = await runKill({ ...options, subject, write: (line) => void writeSync(log, `${line}\n`) });
      clean = figures.problems.length === 0;
      return { figures, directory: clean ? undefined : directory };
    } finally {
      await subject.close();
    }
  } catch (error) {
    clean = true;
    throw error;
  } finally {
    closeSync(log);
    if (clean) rmSync(directory, { recursive: true, force: true });
  }
}
