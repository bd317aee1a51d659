import type { Cluster } from "../cluster/cluster.ts";
import type { Clock, Random } from "../fallbacks/core/clock.ts";
import { type CallContext, createContext } from "../fallbacks/core/context.ts";
import { LayerError } from "../fallbacks/core/errors.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import type { StoredRecord } from "../fallbacks/store/port.ts";
import { forgetJobs } from "./forget-jobs.ts";
import { checkHandling, checkKind, checkPage, checkRequest } from "./job-checks.ts";
import * as records from "./job-records.ts";
import { createRepeat } from "./job-repeat.ts";
import { createJobRows, type Ending, type Found } from "./job-rows.ts";
import { type Run, startRun } from "./job-run.ts";
import type { HandleOptions, Job, JobHandler, Jobs } from "./jobs.ts";
import { createWatch } from "./lease-watch.ts";
import { pause } from "./step-context.ts";

export interface JobsOptions {
  readonly store: Pick<StoreAccess, "get" | "list" | "commit">;
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly random: Random;
  /** 32 hex digits, never the same twice. */
  readonly newId: () => string;
  /** Hears of every attempt that failed, and of a store that fails; the first time, until it works again. */
  readonly report: (error: unknown, fields: object) => void;
  /** Milliseconds between two looks at the rows, default 1 000; who adds a job wakes everybody at once. */
  readonly pollMs?: number;
  /** Milliseconds that a job belongs to a process that falls silent, default 30 000; renewed at a third of it. */
  readonly leaseMs?: number;
  /** Milliseconds before the second attempt, default 10 000; each further wait is four times as long, up to an hour, give or take a half. */
  readonly retryMs?: number;
}

interface Handling {
  readonly handler: JobHandler;
  readonly concurrency: number;
  readonly forgetPayload: boolean;
  readonly attempts: "five" | "never_give_up";
  /** By token. */
  readonly runs: Map<string, Run & { readonly jobId: string }>;
}

const MOST_ATTEMPTS = 5;
const RETRY_GROWS = 4;
const LONGEST_RETRY_MS = 3_600_000;
const STEP_MS = 10_000;
const FORGET_EVERY_MS = 60_000;
const MOST_RUNS = 1_000;
/** Some rows more than there is room for: others take the first ones at the same moment. */
const SPARE_ROWS = 8;
const ABORT_MS = 2_000;
const TRIES = 5;
const TOPIC = "jobs";

/** Jobs as rows of the store, done by whichever process is free: the same with a Redis that is shared, on disk and in memory. */
export function createJobs(options: JobsOptions): Jobs {
  const { store, cluster, clock, random, newId, report } = options;
  const { pollMs = 1_000, leaseMs = 30_000, retryMs = 10_000 } = options;
  const rows = createJobRows(store, { clock, newId });
  const watch = createWatch({ cluster, clock, leaseMs });
  const handlings = new Map<string, Handling>();
  const repeats: ReturnType<typeof createRepeat>[] = [];
  /** Added while the shared store was away: nobody else can have seen them. */
  const ours = new Set<string>();
  let polling: Promise<void> | undefined;
  let again = false;
  let closed = false;
  let failing = false;
  let forgetAt = 0;
  let cancelTimer = () => {};

  const stopping = new AbortController();
  const stepContext = () => createContext({ clock, requestId: "jobs", deadlineMs: STEP_MS, signal: stopping.signal });
  const roomOf = ({ concurrency, runs }: Handling) => (closed ? 0 : concurrency - runs.size);

  function wake(): void {
    if (closed || handlings.size + repeats.length === 0) return;
    if (polling) {
      again = true;
      return;
    }
    cancelTimer();
    polling = poll()
      .then(
        () => {
          failing = false;
        },
        (error: unknown) => {
          if (!failing && !closed) report(error, { doing: "looking for jobs" });
          failing = true;
        },
      )
      .finally(() => {
        polling = undefined;
        const soon = again && !failing;
        again = false;
        if (soon) wake();
        else if (!closed) cancelTimer = clock.after(pollMs * (0.75 + random() / 2), wake, { background: true });
      });
  }

  async function poll(): Promise<void> {
    const context = stepContext();
    for (const repeat of repeats) if (await repeat(context)) cluster.publish(TOPIC, null);
    const free = [...handlings].filter(([, handling]) => roomOf(handling) > 0);
    if (free.length > 0) await takeOver(context);
    const taken = await Promise.allSettled(free.map(([kind, handling]) => takeDue(kind, handling, stepContext())));
    const failed = taken.find((outcome) => outcome.status === "rejected");
    if (failed) throw failed.reason;
    if (clock.now() >= forgetAt && !closed) {
      forgetAt = clock.now() + FORGET_EVERY_MS;
      if (await forgetJobs(rows, clock.wall().getTime(), stepContext())) forgetAt = 0;
    }
  }

  /** Jobs whose process is no more. */
  async function takeOver(context: CallContext): Promise<void> {
    const { value: running, shared } = await rows.list(records.runRows, MOST_RUNS, context);
    watch.keep(running);
    for (const row of running) {
      const kind = records.kindOf(row.key);
      const jobId = records.jobIdOf(row.key);
      const handling = handlings.get(kind);
      if (!handling || roomOf(handling) <= 0 || !(shared || ours.has(jobId))) continue;
      if (await watch.isOver(row, new Set(handling.runs.keys()))) await take(jobId, handling, row, context);
    }
  }

  async function takeDue(kind: string, handling: Handling, context: CallContext): Promise<void> {
    const now = clock.wall().getTime();
    for (const row of await waitingRows(kind, handling, context)) {
      if (roomOf(handling) <= 0) return;
      const wait = records.timeOf(row.key) - now;
      // Further away than it was ever put off: a clock was set back.
      if (wait > 0 && wait <= records.readDelay(row)) continue;
      await take(records.jobIdOf(row.key), handling, row, context);
    }
  }

  /** Of jobs that may be begun here, the first ones first. */
  async function waitingRows(kind: string, handling: Handling, context: CallContext): Promise<readonly StoredRecord[]> {
    const { value, shared } = await rows.list(records.dueRows(kind), roomOf(handling) + SPARE_ROWS, context);
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
    if (closed) {
      const giveBack: Ending = { state: "waiting", error: null, delayMs: 0, failed: false };
      const last = createContext({ clock, requestId: "jobs", deadlineMs: ABORT_MS });
      await rows.end(jobId, record.kind, mark, giveBack, last);
      return;
    }
    if (over && record.failures >= MOST_ATTEMPTS) {
      const error = `its process ended in the middle of it; that was attempt ${found.record.attempts}`;
      await rows.end(jobId, record.kind, mark, afterDeath(handling, record.failures, error), context);
      return;
    }
    const { handler, forgetPayload, runs } = handling;
    const run = startRun(
      {
        jobId,
        record,
        mark,
        heldFrom,
        handler,
        forgetPayload,
        afterFailure: (failures, error) => afterFailure(handling, failures, error),
      },
      { rows, clock, leaseMs, isOurs: (id) => ours.has(id), report },
    );
    runs.set(mark.token, { ...run, jobId });
    // Whoever still takes it for theirs looks at once, and else when the lease is to be renewed.
    if (over) cluster.publish(TOPIC, { taken: jobId });
    void run.ended.then(() => {
      runs.delete(mark.token);
      wake();
    });
  }

  function afterFailure({ attempts, forgetPayload }: Handling, failures: number, error: string): Ending {
    if (failures >= MOST_ATTEMPTS && attempts === "five") return { state: "failed", error, forgetPayload };
    const wait = Math.min(LONGEST_RETRY_MS, retryMs * RETRY_GROWS ** (failures - 1));
    return { state: "waiting", error, delayMs: Math.round(wait * (0.5 + random())), failed: true };
  }

  /** The failure was counted when the run was taken over. */
  function afterDeath(handling: Handling, failures: number, error: string): Ending {
    const ending = afterFailure(handling, failures, error);
    return ending.state === "waiting" ? { ...ending, failed: false } : ending;
  }

  function hear(message: unknown): void {
    const taken = typeof message === "object" && message !== null && "taken" in message ? message.taken : undefined;
    if (taken === undefined) wake();
    for (const { runs } of handlings.values()) {
      for (const run of runs.values()) if (run.jobId === taken) run.look();
    }
  }

  const unsubscribe = cluster.subscribe(TOPIC, hear);
  const unhear = cluster.onConnected(wake);

  return {
    async add(request, context) {
      checkRequest(request);
      const { kind, jobId = `job_${newId()}` } = request;
      for (let attempt = 0; attempt < TRIES; attempt += 1) {
        const [record, writes] = rows.birth(jobId, request);
        const { value: added, shared } = await rows.commit(writes, context);
        if (added) {
          if (!shared) ours.add(jobId);
          wake();
          cluster.publish(TOPIC, null);
          return records.jobOf(jobId, record);
        }
        const { value: known } = await rows.find(jobId, context);
        if (known && known.record.kind !== kind) {
          throw new LayerError("invalid_request", `jobId: ${jobId} is a job of the kind ${known.record.kind}`);
        }
        if (known) return records.jobOf(jobId, known.record);
      }
      throw new LayerError("server", `job ${jobId} is being changed by others all the time`);
    },
    async get(jobId, context) {
      const { value } = await rows.find(jobId, context);
      return value && records.jobOf(jobId, value.record);
    },
    async list({ kind, after, limit }, context) {
      checkPage({ limit, ...(after !== undefined && { after }) });
      if (kind !== undefined) checkKind(kind);
      const prefix = records.madeRows(kind);
      const start = after === undefined ? {} : { after: prefix + after };
      const request = { collection: "jobs", prefix, reverse: true, ...start } as const;
      // One more than asked for tells whether there is a next page.
      const { value } = await store.list({ ...request, limit: limit + 1 }, context);
      const page = value.slice(0, limit);
      const found = await Promise.all(
        page.map(async ({ key }): Promise<readonly Job[]> => {
          const jobId = records.jobIdOf(key);
          const { value: job } = await rows.find(jobId, context);
          return job ? [records.jobOf(jobId, job.record)] : [];
        }),
      );
      const last = page.at(-1);
      return { items: found.flat(), next: value.length > limit && last ? last.key.slice(prefix.length) : null };
    },
    handle(kind, handler, settings: HandleOptions = {}) {
      checkHandling(kind, settings);
      if (handlings.has(kind)) throw new LayerError("invalid_request", `kind: ${kind} has a handler already`);
      const { concurrency = 1, forgetPayload = false, attempts = "five" } = settings;
      handlings.set(kind, { handler, concurrency, forgetPayload, attempts, runs: new Map() });
      wake();
    },
    repeat(request) {
      checkKind(request.kind);
      repeats.push(createRepeat(request, { store, rows, clock }));
      wake();
    },
    async close(graceMs = 0) {
      closed = true;
      unsubscribe();
      unhear();
      cancelTimer();
      stopping.abort(new LayerError("aborted", "the process stops"));
      await polling;
      const running = [...handlings.values()].flatMap(({ runs }) => [...runs.values()]);
      const ended = Promise.all(running.map((run) => run.ended));
      const over = new AbortController();
      void ended.then(() => over.abort());
      if (graceMs > 0) await pause(clock, graceMs, over.signal, false);
      for (const run of running) run.stop();
      // A handler that is deaf keeps its lease: nobody may begin the job while it still works here.
      if (running.length > 0) await pause(clock, ABORT_MS, over.signal, false);
    },
  };
}

/** Whether the row is that of the job as it is now, and the job is not over. */
function fits(jobId: string, row: StoredRecord, { record }: Found): boolean {
  return record.ends === null && row.key === records.rowKey(jobId, record);
}
