import { z } from "zod";
import type { Job, Jobs } from "../jobs/jobs.ts";
import { Problem } from "../problems.ts";
import { idSchema, timeSchema } from "./chat-schemas.ts";
import { pageOf, pageQuery, pageSchema } from "./paging.ts";
import { defineRoute, type Route } from "./route.ts";

export const jobStateSchema = z.enum(["waiting", "running", "done", "failed", "cancelled"]);

const jobSchema = z.object({
  job_id: z.string(),
  kind: z.string(),
  state: jobStateSchema,
  attempts: z.int(),
  error: z.string().nullable().meta({ description: "Why the last attempt failed." }),
  progress: z.unknown(),
  result: z.unknown(),
  created_at: timeSchema,
  updated_at: timeSchema,
});

const kindSchema = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,63}$/)
  .meta({ description: "Only jobs of this kind." });

/** Without the payload, which may name users. Progress and result have keys of their handler's making. */
function jobJson({ jobId, kind, state, attempts, error, progress, result, createdAt, updatedAt }: Job) {
  const times = { created_at: createdAt, updated_at: updatedAt };
  return { job_id: jobId, kind, state, attempts, error, progress, result, ...times };
}

/** What goes on in the background, for operators. */
export function jobRoutes({ jobs }: { readonly jobs: Pick<Jobs, "get" | "list"> }): readonly Route[] {
  return [
    defineRoute({
      method: "get",
      path: "/api/v1/jobs",
      role: "operator",
      summary: "Work in the background, newest first",
      query: pageQuery.extend({ kind: kindSchema.optional() }),
      answer: { status: 200, description: "A page of jobs", schema: pageSchema(jobSchema) },
      async handle({ query: { kind, ...page }, context }) {
        const { items, next } = await jobs.list({ ...pageOf(page), ...(kind !== undefined && { kind }) }, context);
        return { json: { items: items.map(jobJson), next } };
      },
    }),
    defineRoute({
      method: "get",
      path: "/api/v1/jobs/:job_id",
      role: "operator",
      summary: "One job",
      params: z.strictObject({ job_id: idSchema }),
      answer: { status: 200, description: "The job as it is now", schema: jobSchema },
      problems: ["not_found"],
      async handle({ params: { job_id }, context }) {
        const job = await jobs.get(job_id, context);
        if (!job) throw new Problem("not_found", "job_id names no job", { field: "job_id" });
        return { json: jobJson(job) };
      },
    }),
  ];
}
