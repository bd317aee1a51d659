import { LayerError } from "../fallbacks/core/errors.ts";
import type { LostRace } from "../fallbacks/core/lost-race.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import { Problem } from "../problems.ts";
import { checkKind, checkPage, checkRequest } from "./job-checks.ts";
import * as records from "./job-records.ts";
import type { JobRows } from "./job-rows.ts";
import type { Job, Jobs } from "./jobs.ts";

export interface JobRequestsDeps {
  readonly store: Pick<StoreAccess, "list">;
  readonly rows: JobRows;
  readonly lostRace: LostRace;
  /** 32 hex digits, never the same twice. */
  readonly newId: () => string;
  /** Hears of a job that is durable and was not there before; `shared`: others can see it. */
  readonly onAdded: (jobId: string, shared: boolean) => void;
  /** Hears of a job that is running, somewhere, and is to end. */
  readonly onEnding: (jobId: string) => void;
}

const COME_BACK_S = 5;
/** How often an id may turn out to be taken and free again. */
const TRIES = 5;

/** What is asked of jobs from outside: to add one, and what has become of them. */
export function createJobRequests(deps: JobRequestsDeps): Pick<Jobs, "add" | "get" | "list" | "below" | "cancel"> {
  const { store, rows, lostRace, newId, onAdded, onEnding } = deps;

  const get: Jobs["get"] = async (jobId, context) => {
    const { value } = await rows.find(jobId, context);
    return value && records.jobOf(jobId, value.record);
  };

  return {
    get,
    async add(request, context) {
      checkRequest(request);
      const { kind, jobId = `job_${newId()}` } = request;
      for (let attempt = 0; attempt < TRIES; attempt += 1) {
        await lostRace.after(attempt, context);
        const [record, writes] = rows.birth(jobId, request);
        const { value: added, shared } = await rows.commit(writes, context);
        if (added) {
          onAdded(jobId, shared);
          return records.jobOf(jobId, record);
        }
        const known = await get(jobId, context);
        if (known && known.kind !== kind) {
          throw new LayerError("invalid_request", `jobId: ${jobId} is a job of the kind ${known.kind}`);
        }
        if (known) return known;
      }
      throw new LayerError("server", `job ${jobId} is being changed by others all the time`);
    },
    async cancel(jobId, context) {
      for (let attempt = 0; attempt < TRIES; attempt += 1) {
        await lostRace.after(attempt, context);
        const { value: found, shared } = await rows.find(jobId, context);
        if (!shared) {
          const why = "the store that all servers share is away, and another one may be running the job";
          throw new Problem("store_unavailable", why, { retryAfterS: COME_BACK_S });
        }
        if (!found || found.record.ends !== null) return found && records.jobOf(jobId, found.record);
        const record = await rows.cancel(jobId, found, context);
        if (!record) continue;
        if (record.state === "running") onEnding(jobId);
        return records.jobOf(jobId, record);
      }
      throw new LayerError("server", `job ${jobId} is being changed by others all the time`);
    },
    async below(jobId, { after, limit }, context) {
      checkPage({ limit });
      const prefix = records.jobKey(`${jobId}.`);
      const start = after === undefined ? undefined : records.jobKey(after);
      const { value } = await rows.list(prefix, limit + 1, context, start);
      const items = value.slice(0, limit).flatMap((row) => {
        const record = records.readJob(row);
        return record ? [records.jobOf(records.jobIdOf(row.key), record)] : [];
      });
      const last = value.length > limit ? value[limit - 1] : undefined;
      return { items, next: last ? records.jobIdOf(last.key) : null };
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
      const found = await Promise.all(page.map(({ key }) => get(records.jobIdOf(key), context)));
      const items = found.filter((job): job is Job => job !== undefined);
      const last = page.at(-1);
      return { items, next: value.length > limit && last ? last.key.slice(prefix.length) : null };
    },
  };
}
