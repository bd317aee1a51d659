import type { Clock } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import type { LostRace } from "../fallbacks/core/lost-race.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import type { Json, StoredRecord, Write } from "../fallbacks/store/port.ts";
import * as records from "./job-records.ts";
import type { JobRequest } from "./jobs.ts";

/** A row as it was read. */
export interface Found {
  readonly record: records.JobRecord;
  readonly version: number;
}

/** `shared`: read from, or saved in, the store that all processes share; else others may have gone on without us. */
export interface Read<T> {
  readonly value: T;
  readonly shared: boolean;
}

/** What has become of a job whose handler has ended. One that was to be ended, and is not done, is `cancelled` then, whatever is said here. */
export type Ending =
  | { readonly state: "done"; readonly result: Json; readonly forgetPayload: boolean }
  | { readonly state: "failed"; readonly error: string; readonly forgetPayload: boolean }
  | { readonly state: "waiting"; readonly error: string | null; readonly delayMs: number; readonly failed: boolean };

/** `lost`: somebody else runs the job, or nobody may any more. */
export type Saved = "saved" | "lost";

export interface JobRows {
  find(jobId: string, context: CallContext): Promise<Read<Found | undefined>>;
  /** @param after a key: what is behind it. */
  list(prefix: string, limit: number, context: CallContext, after?: string): Promise<Read<readonly StoredRecord[]>>;
  /** The writes that make a new job. */
  birth(jobId: string, request: JobRequest): readonly [records.JobRecord, readonly Write[]];
  /** One operation; false when a version was not as expected. */
  commit(writes: readonly Write[], context: CallContext): Promise<Read<boolean>>;
  /** Takes a job that waits, or from a run that is over. Undefined when somebody else was faster. */
  begin(
    jobId: string,
    found: Found,
    mark: records.RunMark,
    over: StoredRecord | undefined,
    context: CallContext,
  ): Promise<records.JobRecord | undefined>;
  /** `unknown`: nobody can tell while the shared store is away, and nothing was written. */
  renew(jobId: string, kind: string, mark: records.RunMark, context: CallContext): Promise<Saved | "unknown">;
  progress(jobId: string, kind: string, mark: records.RunMark, progress: Json, context: CallContext): Promise<Saved>;
  end(jobId: string, kind: string, mark: records.RunMark, ending: Ending, context: CallContext): Promise<Saved>;
  /** Ends a job that waits; notes of one that runs that it is to end. Undefined when somebody else was faster. */
  cancel(jobId: string, found: Found, context: CallContext): Promise<records.JobRecord | undefined>;
}

const DAY_MS = 86_400_000;
const DONE_KEPT_MS = 7 * DAY_MS;
const FAILED_KEPT_MS = 30 * DAY_MS;
/** The holder alone changes its rows, so it meets nobody but itself, or the one who takes over. */
const TRIES = 5;
const collection = "jobs";

async function readRow(store: Pick<StoreAccess, "get">, key: string, context: CallContext) {
  const { value, degraded } = await store.get(collection, key, context);
  return { value, shared: degraded === undefined };
}

/** For whoever only looks. */
export async function findJob(
  store: Pick<StoreAccess, "get">,
  jobId: string,
  context: CallContext,
): Promise<Read<Found | undefined>> {
  const { value, shared } = await readRow(store, records.jobKey(jobId), context);
  const record = records.readJob(value);
  return { value: value && record && { record, version: value.version }, shared };
}

/** Jobs as records that change by compare-and-set only: the row `run/` is the lease, and whoever holds it changes the job. */
export function createJobRows(
  store: Pick<StoreAccess, "get" | "list" | "commit">,
  { clock, lostRace, newId }: { readonly clock: Clock; readonly lostRace: LostRace; readonly newId: () => string },
): JobRows {
  const now = () => clock.wall().getTime();

  const get = (key: string, context: CallContext) => readRow(store, key, context);
  const find = (jobId: string, context: CallContext) => findJob(store, jobId, context);

  async function commit(writes: readonly Write[], context: CallContext): Promise<Read<boolean>> {
    const { value, degraded } = await store.commit({ id: newId(), writes }, context);
    return { value: value.status === "applied", shared: degraded === undefined };
  }

  /** Changes what only the holder may change, however often it meets itself. */
  async function held(
    jobId: string,
    kind: string,
    mark: records.RunMark,
    writesFor: (found: Found, run: StoredRecord) => readonly Write[],
    context: CallContext,
  ): Promise<Saved> {
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      await lostRace.after(attempt, context);
      const [run, found] = await Promise.all([
        get(records.runKey(jobId, kind, mark.token), context),
        find(jobId, context),
      ]);
      if (!run.value || !found.value) return "lost";
      if ((await commit(writesFor(found.value, run.value), context)).value) return "saved";
    }
    return "lost";
  }

  const cancelled = (record: records.JobRecord): records.JobRecord => ({
    ...record,
    state: "cancelled",
    run: null,
    error: null,
    ending: true,
    ends: now() + DONE_KEPT_MS,
    updatedAt: clock.wall().toISOString(),
  });

  function endOf(record: records.JobRecord, ending: Ending): records.JobRecord {
    if (record.ending && ending.state !== "done") return cancelled(record);
    const next = { ...record, state: ending.state, run: null, updatedAt: clock.wall().toISOString() };
    const payload = (over: { readonly forgetPayload: boolean }) => (over.forgetPayload ? { payload: null } : {});
    switch (ending.state) {
      case "done":
        return { ...next, ...payload(ending), result: ending.result, error: null, ends: now() + DONE_KEPT_MS };
      case "failed":
        return { ...next, ...payload(ending), error: ending.error, ends: now() + FAILED_KEPT_MS };
      case "waiting": {
        const failures = record.failures + (ending.failed ? 1 : 0);
        return { ...next, error: ending.error, failures, due: now() + ending.delayMs };
      }
    }
  }

  return {
    find,
    commit,
    async list(prefix, limit, context, after) {
      const start = after === undefined ? {} : { after };
      const { value, degraded } = await store.list({ collection, prefix, limit, ...start }, context);
      return { value, shared: degraded === undefined };
    },
    birth(jobId, { kind, payload, delayMs = 0 }) {
      const at = clock.wall().toISOString();
      const record: records.JobRecord = {
        kind,
        payload,
        state: "waiting",
        progress: null,
        result: null,
        attempts: 0,
        failures: 0,
        error: null,
        createdAt: at,
        updatedAt: at,
        run: null,
        ending: false,
        due: now() + delayMs,
        ends: null,
      };
      const writes: readonly Write[] = [
        put(records.jobKey(jobId), record, 0),
        ...records.madeKeys(jobId, record).map((key) => put(key, null)),
        put(records.dueKey(jobId, record), { delay: delayMs }),
      ];
      return [record, writes];
    },
    async begin(jobId, { record, version }, mark, over, context) {
      const { holder, token } = mark;
      const died = over !== undefined && records.readHolder(over) !== holder;
      const begun: records.JobRecord = {
        ...record,
        state: "running",
        run: token,
        attempts: record.attempts + 1,
        failures: record.failures + (died ? 1 : 0),
        updatedAt: clock.wall().toISOString(),
      };
      const writes = [
        put(records.jobKey(jobId), begun, version),
        put(records.runKey(jobId, record.kind, token), { holder }, 0),
        over ? remove(over.key, over.version) : remove(records.dueKey(jobId, record)),
      ];
      return (await commit(writes, context)).value ? begun : undefined;
    },
    async renew(jobId, kind, { holder, token }, context) {
      const key = records.runKey(jobId, kind, token);
      for (let attempt = 0; attempt < TRIES; attempt += 1) {
        await lostRace.after(attempt, context);
        const { value: run, shared } = await get(key, context);
        if (!run) return "lost";
        if (!shared) return "unknown";
        const { value: saved, shared: kept } = await commit([put(key, { holder }, run.version)], context);
        if (saved) return kept ? "saved" : "unknown";
      }
      return "lost";
    },
    progress: (jobId, kind, mark, progress, context) =>
      held(
        ...([jobId, kind, mark] as const),
        ({ record, version }, run) => [
          put(records.jobKey(jobId), { ...record, progress, updatedAt: clock.wall().toISOString() }, version),
          put(run.key, run.value, run.version),
        ],
        context,
      ),
    end: (jobId, kind, mark, ending, context) =>
      held(
        ...([jobId, kind, mark] as const),
        ({ record, version }, run) => {
          const next = endOf(record, ending);
          const row =
            next.state === "waiting" && ending.state === "waiting"
              ? put(records.dueKey(jobId, next), { delay: ending.delayMs })
              : put(records.endKey(jobId, next.ends ?? 0), null);
          return [put(records.jobKey(jobId), next, version), remove(run.key, run.version), row];
        },
        context,
      ),
    async cancel(jobId, { record, version }, context) {
      const isRunning = record.state === "running";
      const next = isRunning ? { ...record, ending: true } : cancelled(record);
      const rows = isRunning
        ? []
        : [remove(records.dueKey(jobId, record)), put(records.endKey(jobId, next.ends ?? 0), null)];
      return (await commit([put(records.jobKey(jobId), next, version), ...rows], context)).value ? next : undefined;
    },
  };
}

function put(key: string, value: Json, expect?: number): Write {
  return { kind: "put", collection, key, value, ...(expect === undefined ? {} : { expect }) };
}

function remove(key: string, expect?: number): Write {
  return { kind: "delete", collection, key, ...(expect === undefined ? {} : { expect }) };
}
