import type { Unite } from "../fallbacks/store/access.ts";
import type { Operation, Write } from "../fallbacks/store/port.ts";
import * as records from "./job-records.ts";

/**
 * What becomes of an operation on jobs when the others were faster: work that is done stays done, whoever else had begun it
 * since; of all the rest (a beginning, a renewal, progress, a failure) what the shared store has is as good, and ours is dropped.
 * Undefined for operations that are not on jobs alone.
 */
export const uniteJobs: Unite = (operation, there) => {
  if (!operation.writes.every(({ collection }) => collection === "jobs")) return undefined;
  const change = operation.writes.map(jobIn).find((found) => found !== undefined);
  const dropped: Operation = { id: operation.id, writes: [] };
  if (!change) return dropped;
  const { jobId, record } = change;
  const seen = there({ collection: "jobs", key: records.jobKey(jobId) });
  // The slot was taken, and the job is one that nobody else has added.
  if (record.attempts === 0 && seen.version === 0) {
    return { id: operation.id, writes: operation.writes.filter(({ key }) => key !== records.slotKey(record.kind)) };
  }
  const known = seen.value === undefined ? undefined : records.readJob({ key: "", value: seen.value, version: 0 });
  if (record.state !== "done" || !known || known.state === "done") return dropped;
  return {
    id: operation.id,
    writes: [
      { kind: "put", collection: "jobs", key: records.jobKey(jobId), value: record, expect: seen.version },
      { kind: "delete", collection: "jobs", key: records.rowKey(jobId, known) },
      { kind: "put", collection: "jobs", key: records.endKey(jobId, record.ends ?? 0), value: null },
    ],
  };
};

function jobIn(write: Write): { readonly jobId: string; readonly record: records.JobRecord } | undefined {
  if (write.kind !== "put" || !write.key.startsWith(records.jobsOf)) return undefined;
  const record = records.readJob({ key: write.key, value: write.value, version: 0 });
  return record && { jobId: records.jobIdOf(write.key), record };
}
