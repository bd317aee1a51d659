import { z } from "zod";
import type { Json, StoredRecord } from "../fallbacks/store/port.ts";
import type { Job } from "./jobs.ts";

const json = z.custom<Json>((value) => value !== undefined);

const recordSchema = z.object({
  kind: z.string(),
  payload: json,
  state: z.enum(["waiting", "running", "done", "failed", "cancelled"]),
  progress: json,
  result: json,
  attempts: z.number(),
  /** Attempts that failed or died; those that a shutdown ended are none. */
  failures: z.number(),
  error: z.string().nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
  /** The run that has it, while it is running. */
  run: z.string().nullable(),
  /** Somebody has asked for its end. Absent in what earlier versions saved. */
  ending: z.boolean().default(false),
  /** Wall-clock ms before which it is not begun. */
  due: z.number(),
  /** Wall-clock ms at which it is forgotten; null while it is not over. */
  ends: z.number().nullable(),
});
export type JobRecord = z.infer<typeof recordSchema>;

const dueSchema = z.object({ delay: z.number() });
const runSchema = z.object({ holder: z.string() });
const slotSchema = z.object({ slot: z.number() });

/** Whoever runs a job: the process, and which of all runs. */
export interface RunMark {
  readonly holder: string;
  /** Never the same twice, and so neither is the key of its row: what one run has written can never pass for another's. */
  readonly token: string;
}

const MS_DIGITS = 15;

/**
 * The rows of the collection `jobs`. What is over is in none of those that are polled (`due/`, `run/`), so that polling costs
 * the same whatever was done before.
 */
export const jobsOf = "job/";
export const jobKey = (jobId: string) => `${jobsOf}${jobId}`;
/** All jobs, and those of one kind, by age. */
export const madeRows = (kind: string | undefined) => (kind === undefined ? "made/" : `kind/${kind}/`);
export const madeKeys = (jobId: string, { kind, createdAt }: JobRecord) =>
  [undefined, kind].map((each) => `${madeRows(each)}${createdAt}/${jobId}`);
/** Jobs that wait, by the time at which they may begin. */
export const dueRows = (kind: string) => `due/${kind}/`;
export const dueKey = (jobId: string, { kind, due }: JobRecord) => `${dueRows(kind)}${fixed(due)}/${jobId}`;
/** Jobs that somebody runs: the lease. */
export const runRows = "run/";
export const runKey = (jobId: string, kind: string, token: string) => `${runRows}${kind}/${jobId}/${token}`;
/** Jobs that are over, by the time at which they are forgotten. */
export const endRows = "end/";
export const endKey = (jobId: string, ends: number) => `${endRows}${fixed(ends)}/${jobId}`;
/** The last slot for which a job of that kind was added. */
export const slotKey = (kind: string) => `slot/${kind}`;

function fixed(ms: number): string {
  return String(Math.max(0, Math.round(ms))).padStart(MS_DIGITS, "0");
}

/** The job of any of these keys: the last part, in a `run/` key the last but one. Job ids have no `/`. */
export function jobIdOf(key: string): string {
  return key.split("/").at(key.startsWith(runRows) ? -2 : -1) ?? "";
}

/** The run of a `run/` key. */
export function tokenOf(key: string): string {
  return key.slice(key.lastIndexOf("/") + 1);
}

/** The row that a job has in its state: where it is looked for. */
export function rowKey(jobId: string, record: JobRecord): string {
  if (record.state === "waiting") return dueKey(jobId, record);
  if (record.state === "running") return runKey(jobId, record.kind, record.run ?? "");
  return endKey(jobId, record.ends ?? 0);
}

/** The time in a `due/` or `end/` key. */
export function timeOf(key: string): number {
  return Number(key.split("/").at(-2));
}

/** The kind in a `run/` key. */
export function kindOf(key: string): string {
  return key.split("/")[1] ?? "";
}

/** Undefined for what nobody here has written. */
export function readJob(record: StoredRecord | undefined): JobRecord | undefined {
  return recordSchema.safeParse(record?.value).data;
}

/** For how long the job was put off, in ms. */
export function readDelay(record: StoredRecord): number {
  return dueSchema.safeParse(record.value).data?.delay ?? 0;
}

/** What nobody can read is nobody's. */
export function readHolder(record: StoredRecord): string {
  return runSchema.safeParse(record.value).data?.holder ?? "";
}

export function readSlot(record: StoredRecord | undefined): number | undefined {
  return slotSchema.safeParse(record?.value).data?.slot;
}

export function jobOf(jobId: string, record: JobRecord): Job {
  const { failures: _failures, run: _run, due: _due, ends: _ends, ...shown } = record;
  return { jobId, ...shown };
}
