import type { Clock } from "../fallbacks/core/clock.ts";
import { type CallContext, createContext } from "../fallbacks/core/context.ts";
import { asLayerError, LayerError } from "../fallbacks/core/errors.ts";
import type { Json } from "../fallbacks/store/port.ts";
import { type JobRecord, jobOf, type RunMark } from "./job-records.ts";
import type { Ending, JobRows } from "./job-rows.ts";
import type { JobHandler } from "./jobs.ts";
import { pause, rolling, stepContext } from "./step-context.ts";

/** One attempt at a job, under its lease. */
export interface Run {
  readonly token: string;
  /** Resolves when the handler has ended and its outcome is saved, or cannot be; never rejects. */
  readonly ended: Promise<void>;
  /** Asks the handler to stop because the process does; the job is given back, and nobody is blamed. */
  stop(): void;
  /** Asks the handler to stop because somebody has ended the job. */
  end(): void;
  /** Finds out now whether the lease is still held, for somebody says that it is not. */
  look(): void;
}

export interface RunOptions {
  readonly jobId: string;
  readonly record: JobRecord;
  readonly mark: RunMark;
  /** Monotonic ms of the moment before the lease was taken. */
  readonly heldFrom: number;
  readonly handler: JobHandler;
  readonly forgetPayload: boolean;
  /** What becomes of an attempt that failed. */
  readonly afterFailure: (failures: number, error: string) => Ending;
}

export interface RunDeps {
  readonly rows: JobRows;
  readonly clock: Clock;
  readonly leaseMs: number;
  /** Whether no other process can know of the job. */
  readonly isOurs: (jobId: string) => boolean;
  readonly report: (error: unknown, fields: object) => void;
}

const STORE_MS = 10_000;
const LONGEST_ERROR = 300;
const SHORTEST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 3_600_000;

/** Runs the handler, holds the lease meanwhile, and saves what has become of the job. */
export function startRun(options: RunOptions, deps: RunDeps): Run {
  const { jobId, record, mark } = options;
  const { rows, clock, leaseMs } = deps;
  const controller = new AbortController();
  const ending = new AbortController();
  const { signal } = controller;
  let heldUntil = options.heldFrom + leaseMs;
  let lost = false;
  let stopping = false;
  let over = false;
  let renewing = false;
  let cancelRenewal = () => {};
  let cancelEnd = () => {};

  const storeContext = () => createContext({ clock, requestId: jobId, deadlineMs: STORE_MS });

  function lose(why: string): void {
    if (lost || over) return;
    lost = true;
    controller.abort(new LayerError("aborted", `job ${jobId}: ${why}`));
  }

  /** Past the end of the lease somebody else may run the job, so this process must not. */
  function watchEnd(): void {
    cancelEnd();
    const left = heldUntil - clock.now();
    if (left <= 0) lose("its lease could not be renewed in time");
    else cancelEnd = clock.after(left, watchEnd, { background: true });
  }

  function renewIn(ms: number): void {
    cancelRenewal = clock.after(ms, () => void renew(), { background: true });
  }

  async function renew(): Promise<void> {
    const askedAt = clock.now();
    renewing = true;
    let wait = leaseMs / 3;
    try {
      const renewed = await rows.renew(jobId, record.kind, mark, storeContext());
      if (over || lost) return;
      if (renewed === "lost") return lose("another process has taken it over");
      // Nobody else can hold what nobody else can know.
      if (renewed === "saved" || deps.isOurs(jobId)) heldUntil = askedAt + leaseMs;
      else wait = leaseMs / 10;
      // Whoever has asked for its end may not have been heard.
      if ((await rows.find(jobId, storeContext())).value?.record.ending) end();
    } catch (error) {
      deps.report(error, { doing: "renewing the lease of a job", jobId });
      wait = leaseMs / 10;
    } finally {
      renewing = false;
    }
    if (over || lost) return;
    watchEnd();
    renewIn(wait);
  }

  function end(): void {
    ending.abort(new LayerError("aborted", `job ${jobId} was ended`));
  }

  async function progress(value: Json): Promise<void> {
    if (lost) throw signal.reason;
    const saved = await rows.progress(jobId, record.kind, mark, value, storeContext());
    if (saved === "saved") return;
    lose("another process has taken it over");
    throw signal.reason;
  }

  async function work(): Promise<Ending> {
    const base = stepContext(createContext({ clock, requestId: jobId, deadlineMs: leaseMs, signal }));
    // A call that is made in the work ends with the lease at the latest, unless that is renewed.
    const context: CallContext = { ...base, deadline: rolling(clock, () => heldUntil - clock.now()) };
    try {
      const result = await options.handler({ job: jobOf(jobId, record), context, ending: ending.signal, progress });
      return { state: "done", result, forgetPayload: options.forgetPayload };
    } catch (thrown) {
      // Of an end that somebody has asked for the rows know.
      if (stopping || ending.signal.aborted) return { state: "waiting", error: null, delayMs: 0, failed: false };
      const later = thrown instanceof LayerError ? thrown.retryAfterMs : undefined;
      if (later !== undefined) {
        const delayMs = Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, Math.round(later)));
        return { state: "waiting", error: errorText(thrown), delayMs, failed: false };
      }
      if (!lost) deps.report(thrown, { doing: "a job", jobId, kind: record.kind, attempt: record.attempts });
      return options.afterFailure(record.failures + 1, errorText(thrown));
    }
  }

  /** For as long as the lease is held: what was done must not be done again because the store was away for a moment. */
  async function save(ending: Ending): Promise<void> {
    if (lost) return;
    try {
      await rows.end(jobId, record.kind, mark, ending, storeContext());
    } catch (error) {
      deps.report(error, { doing: "saving the outcome of a job", jobId });
      if (stopping) return;
      await pause(clock, leaseMs / 30, signal);
      await save(ending);
    }
  }

  async function perform(): Promise<void> {
    watchEnd();
    renewIn(leaseMs / 3);
    try {
      await save(await work());
    } finally {
      over = true;
      cancelRenewal();
      cancelEnd();
    }
  }

  return {
    token: mark.token,
    ended: perform(),
    stop() {
      stopping = true;
      controller.abort(new LayerError("aborted", `job ${jobId}: the process stops`));
    },
    end,
    look() {
      if (renewing || over || lost) return;
      cancelRenewal();
      void renew();
    },
  };
}

/** One line, cut: it is shown to operators. */
function errorText(thrown: unknown): string {
  return asLayerError(thrown)
    .message.replace(/\s+/gu, " ")
    .slice(0, LONGEST_ERROR)
    .replace(/[\uD800-\uDBFF]$/, "");
}
