import type { Cluster } from "../cluster/cluster.ts";
import type { Clock, Random } from "../fallbacks/core/clock.ts";
import { createContext } from "../fallbacks/core/context.ts";
import { LayerError } from "../fallbacks/core/errors.ts";
import { createLostRace } from "../fallbacks/core/lost-race.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import { forgetJobs } from "./forget-jobs.ts";
import { checkHandling, checkKind } from "./job-checks.ts";
import { createFailures } from "./job-failures.ts";
import { createPoll } from "./job-poll.ts";
import { createRepeat } from "./job-repeat.ts";
import { createJobRequests } from "./job-requests.ts";
import { createJobRows } from "./job-rows.ts";
import { createTaking, type Handling } from "./job-taking.ts";
import type { Jobs } from "./jobs.ts";
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

const STEP_MS = 10_000;
const FORGET_EVERY_MS = 60_000;
const ABORT_MS = 2_000;
const TOPIC = "jobs";

/** What processes tell one another; anything else says that there is work. */
interface Said {
  /** Id of a job that was taken from a process that may not know. */
  readonly taken?: unknown;
  /** Id of a job that is to end. */
  readonly ending?: unknown;
}

/** Jobs as rows of the store, done by whichever process is free: the same with a Redis that is shared, on disk and in memory. */
export function createJobs(options: JobsOptions): Jobs {
  const { store, cluster, clock, random, newId, report } = options;
  const { pollMs = 1_000, leaseMs = 30_000, retryMs = 10_000 } = options;
  const lostRace = createLostRace({ clock, random });
  const rows = createJobRows(store, { clock, lostRace, newId });
  const handlings = new Map<string, Handling>();
  const repeats: ReturnType<typeof createRepeat>[] = [];
  /** Added while the shared store was away: nobody else can have seen them. */
  const ours = new Set<string>();
  const stopping = new AbortController();
  let forgetAt = 0;

  const stepContext = () => createContext({ clock, requestId: "jobs", deadlineMs: STEP_MS, signal: stopping.signal });
  const poll = createPoll({
    everyMs: pollMs,
    clock,
    random,
    isNeeded: () => handlings.size + repeats.length > 0,
    look,
    report,
  });
  const taking = createTaking({
    rows,
    cluster,
    clock,
    leaseMs,
    newId,
    failures: createFailures({ retryMs, random }),
    handlings,
    ours,
    isClosed: () => stopping.signal.aborted,
    onTakenOver: (jobId) => cluster.publish(TOPIC, { taken: jobId }),
    onEnded: () => poll.wake(),
    report,
  });

  async function look(): Promise<void> {
    const context = stepContext();
    for (const repeat of repeats) if (await repeat(context)) cluster.publish(TOPIC, null);
    const free = [...handlings].filter(([, handling]) => taking.roomFor(handling) > 0);
    if (free.length > 0) await taking.takeOver(context);
    const looks = free.map(([kind, handling]) => taking.takeDue(kind, handling, stepContext()));
    const failed = (await Promise.allSettled(looks)).find((outcome) => outcome.status === "rejected");
    if (failed) throw failed.reason;
    if (clock.now() >= forgetAt && !stopping.signal.aborted) {
      forgetAt = clock.now() + FORGET_EVERY_MS;
      if (await forgetJobs(rows, clock.wall().getTime(), stepContext())) forgetAt = 0;
    }
  }

  function hear(message: unknown): void {
    const { taken, ending } = typeof message === "object" && message !== null ? (message as Said) : {};
    if (taken === undefined && ending === undefined) poll.wake();
    for (const { runs } of handlings.values()) {
      for (const run of runs.values()) {
        if (run.jobId === taken) run.look();
        if (run.jobId === ending) run.end();
      }
    }
  }

  const unsubscribe = cluster.subscribe(TOPIC, hear);
  const unhear = cluster.onConnected(() => poll.wake());

  return {
    ...createJobRequests({
      store,
      rows,
      lostRace,
      newId,
      onAdded(jobId, shared) {
        if (!shared) ours.add(jobId);
        poll.wake();
        cluster.publish(TOPIC, null);
      },
      onEnding(jobId) {
        hear({ ending: jobId });
        cluster.publish(TOPIC, { ending: jobId });
      },
    }),
    handle(kind, handler, settings = {}) {
      checkHandling(kind, settings);
      if (handlings.has(kind)) throw new LayerError("invalid_request", `kind: ${kind} has a handler already`);
      const { concurrency = 1, forgetPayload = false, attempts = "five" } = settings;
      handlings.set(kind, { handler, concurrency, forgetPayload, attempts, runs: new Map() });
      poll.wake();
    },
    repeat(request) {
      checkKind(request.kind);
      repeats.push(createRepeat(request, { store, rows, clock }));
      poll.wake();
    },
    async close(graceMs = 0) {
      unsubscribe();
      unhear();
      stopping.abort(new LayerError("aborted", "the process stops"));
      await poll.close();
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
