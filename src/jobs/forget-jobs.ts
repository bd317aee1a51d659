import type { CallContext } from "../fallbacks/core/context.ts";
import type { Write } from "../fallbacks/store/port.ts";
import { endRows, jobIdOf, jobKey, madeKeys, timeOf } from "./job-records.ts";
import type { JobRows } from "./job-rows.ts";

const AT_ONCE = 100;

/**
 * Deletes jobs whose time is over, at most 100, with their rows. Returns whether there may be more. Several processes may do it at
 * once: deleting twice is deleting once.
 */
export async function forgetJobs(rows: JobRows, now: number, context: CallContext): Promise<boolean> {
  const { value: ends, shared } = await rows.list(endRows, AT_ONCE, context);
  // The copy here does not know what others have done since.
  if (!shared) return false;
  const over = ends.filter(({ key }) => timeOf(key) <= now);
  for (const { key } of over) {
    const jobId = jobIdOf(key);
    const { value: found } = await rows.find(jobId, context);
    const remove = (key: string): Write => ({ kind: "delete", collection: "jobs", key });
    // A row whose job is not there, or is not over, is of another time.
    const job: readonly Write[] =
      found && found.record.ends !== null && found.record.ends <= now
        ? [{ ...remove(jobKey(jobId)), expect: found.version }, ...madeKeys(jobId, found.record).map(remove)]
        : [];
    await rows.commit([remove(key), ...job], context);
  }
  return over.length === AT_ONCE;
}
