import type { Cluster } from "../cluster/cluster.ts";
import type { Clock } from "../fallbacks/core/clock.ts";
import { type CallContext, createContext } from "../fallbacks/core/context.ts";
import type { StoredRecord } from "../fallbacks/store/port.ts";
import { type Failures, MOST_ATTEMPTS } from "./job-failures.ts";
import * as records from "./job-records.ts";
import type { Ending, Found, JobRows } from "./job-rows.ts";
import { type Run, startRun } from "./job-run.ts";
import type { HandleOptions, JobHandler } from "./jobs.ts";
import { createWatch } from "./lease-watch.ts";

/** How this process does the jobs of one kind. */
export interface Handling extends Required<HandleOptions> {
  readonly handler: JobHandler;
  /** By token. */
  readonly runs: Map<string, Run & { readonly jobId: string }>;
}

/** Takes jobs for this process, each only when nobody else is faster, and begins them. */
export interface Taking {
  /** How many more of them may be begun here now. */
  roomFor(handling: Handling): number;
  /** Jobs whose process is no more. */
  takeOver(context: CallContext): Promise<void>;
  /** Jobs of one kind whose time has come. */
  takeDue(kind: string, handling: Handling, context: CallContext): Promise<void>;
}

export interface TakingDeps {
  readonly rows: JobRows;
  readonly cluster: Cluster;
  readonly clock: Clock;
  /** Milliseconds that a job belongs to a process that falls silent. */
  readonly leaseMs: number;
  /** 32 hex digits, never the same twice. */
  readonly newId: () => string;
  readonly failures: Failures;
  /** By kind. */
  readonly handlings: ReadonlyMap<string, Handling>;
  /** Ids of jobs that were added while the shared store was away: nobody else can have seen them. */
  readonly ours: Set<string>;
  readonly isClosed: () => boolean;
  /** Some process may have been taken for dead that is not: it looks whether it still holds that job. */
  readonly onTakenOver: (jobId: string) => void;
  /** There is room for one more. */
  readonly onEnded: () => void;
  readonly report: (error: unknown, fields: object) => void;
}

const MOST_RUNS = 1_000;
/** Some rows more than there is room for: others take the first ones at the same moment. */
const SPARE_ROWS = 8;
const GIVE_BACK_MS = 2_000;

export function createTaking(deps: TakingDeps): Taking {
  const { rows, cluster, clock, leaseMs, newId, failures, handlings, ours, isClosed, report } = deps;
  const watch = createWatch({ cluster, clock, leaseMs });
  const roomFor = ({ concurrency, runs }: Handling) => (isClosed() ? 0 : concurrency - runs.size);

  /** Of jobs that may be begun here, the first ones first. */
  async function waitingRows(kind: string, handling: Handling, context: CallContext): Promise<readonly StoredRecord[]> {
    const { value, shared } = await rows.list(records.dueRows(kind), roomFor(handling) + SPARE_ROWS, context);
    if (shared) {
      // From now on others see them too.
      ours.clear();
      return value;
    }
    // The copy here has rows of jobs that others have done since.
    const own: StoredRecord[] = [];
    for (const jobId of ours) {
      const { value: found } = await rows.find(jobId, context);
      if (!found || found.record.ends !== null) ours.delete(jobId);
      if (found?.record.kind !== kind || found.record.state !== "waiting") continue;
      own.push(...(await rows.list(records.dueKey(jobId, found.record), 1, context)).value);
    }
    return own;
  }

  /** Begins the job of a row in `due/` or `run/`, unless somebody else is faster. */
  async function take(jobId: string, handling: Handling, row: StoredRecord, context: CallContext): Promise<void> {
    const heldFrom = clock.now();
    const { value: found } = await rows.find(jobId, context);
    const over = row.key.startsWith(records.runRows) ? row : undefined;
    if (!found || !fits(jobId, row, found)) {
      // Its job is not there, or the row is of another time: nobody needs it.
      await rows.commit([{ kind: "delete", collection: "jobs", key: row.key, expect: row.version }], context);
      return;
    }
    const mark = { holder: cluster.instance, token: newId() };
    const record = await rows.begin(jobId, found, mark, over, context);
    if (!record) return;
    if (isClosed() || record.ending) {
      const giveBack: Ending = { state: "waiting", error: null, delayMs: 0, failed: false };
      const last = createContext({ clock, requestId: "jobs", deadlineMs: GIVE_BACK_MS });
      await rows.end(jobId, record.kind, mark, giveBack, last);
      return;
    }
    if (over && record.failures >= MOST_ATTEMPTS) {
      const error = `its process ended in the middle of it; that was attempt ${found.record.attempts}`;
      await rows.end(jobId, record.kind, mark, failures.afterDeath(handling, record.failures, error), context);
      return;
    }
    begin(jobId, handling, { record, mark, heldFrom });
    // Whoever still takes it for theirs looks at once, and else when the lease is to be renewed.
    if (over) deps.onTakenOver(jobId);
  }

  function begin(
    jobId: string,
    handling: Handling,
    held: { readonly record: records.JobRecord; readonly mark: records.RunMark; readonly heldFrom: number },
  ): void {
    const { handler, forgetPayload, runs } = handling;
    const afterFailure = (count: number, error: string) => failures.afterFailure(handling, count, error);
    const run = startRun(
      { jobId, ...held, handler, forgetPayload, afterFailure },
      { rows, clock, leaseMs, isOurs: (id) => ours.has(id), report },
    );
    runs.set(held.mark.token, { ...run, jobId });
    void run.ended.then(() => {
      runs.delete(held.mark.token);
      deps.onEnded();
    });
  }

  return {
    roomFor,
    async takeOver(context) {
      const { value: running, shared } = await rows.list(records.runRows, MOST_RUNS, context);
      watch.keep(running);
      for (const row of running) {
        const jobId = records.jobIdOf(row.key);
        const handling = handlings.get(records.kindOf(row.key));
        if (!handling || roomFor(handling) <= 0 || !(shared || ours.has(jobId))) continue;
        if (await watch.isOver(row, new Set(handling.runs.keys()))) await take(jobId, handling, row, context);
      }
    },
    async takeDue(kind, handling, context) {
      const now = clock.wall().getTime();
      for (const row of await waitingRows(kind, handling, context)) {
        if (roomFor(handling) <= 0) return;
        const wait = records.timeOf(row.key) - now;
        // Further away than it was ever put off: a clock was set back.
        if (wait > 0 && wait <= records.readDelay(row)) continue;
        await take(records.jobIdOf(row.key), handling, row, context);
      }
    },
  };
}

/** Whether the row is that of the job as it is now, and the job is not over. */
function fits(jobId: string, row: StoredRecord, { record }: Found): boolean {
  return record.ends === null && row.key === records.rowKey(jobId, record);
}
