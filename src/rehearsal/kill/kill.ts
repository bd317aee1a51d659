import type { Random } from "../../fallbacks/core/clock.ts";
import type { Problem } from "./problem.ts";
import type { ServerProcess } from "./server-process.ts";
import type { WitnessCounts } from "./witness.ts";

/** What is killed, and what it depends on. */
export interface Subject {
  start(): Promise<ServerProcess>;
  /** Does something to what the server depends on; absent where it depends on nothing. */
  disturb?(random: Random): Promise<void>;
  /** Brings back what it depends on. */
  heal?(): Promise<void>;
  /** A server that has nothing of its own and sees what others share; absent where nothing is shared. */
  readonly startFresh?: () => Promise<ServerProcess>;
}

export interface KillOptions {
  readonly subject: Subject;
  /** 1 or more. */
  readonly cycles: number;
  readonly seed: number;
  /** Begins every id that the load makes: letters and digits, default none. */
  readonly name?: string;
  /** Clients at the same time, default 6. */
  readonly clients?: number;
  /** Gets each line of the log. */
  readonly write: (line: string) => void;
  readonly onCycle?: (figures: KillFigures) => void;
  /** How long a server may say that it cannot, until that is a problem, in ms. Default 30 000. */
  readonly patienceMs?: number;
  /** Ends it early, after the cycle that runs. */
  readonly signal?: AbortSignal;
}

export interface KillFigures {
  readonly seed: number;
  readonly cycles: number;
  readonly kills: { readonly starting: number; readonly serving: number };
  readonly disturbances: number;
  readonly acknowledged: WitnessCounts;
  /** What the checker has read back, each time that it was read. */
  readonly checked: { readonly turns: number; readonly documents: number; readonly users: number };
  readonly problems: readonly (Problem & { readonly cycle: number })[];
  /** Of the whole run. */
  readonly ms: number;
}
