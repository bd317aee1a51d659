import { z } from "zod";
import { type IngestJob, isOver } from "../ingestion/ingestion.ts";
import { idSchema } from "./chat-schemas.ts";
import { createDrain, RETRY_AFTER_S } from "./drain.ts";
import { createEventStream, noticeText } from "./event-stream.ts";
import { ingestJobJson, ingestJobSchema } from "./knowledge-schemas.ts";
import { pageOf, pageQuery, pageSchema } from "./paging.ts";
import { defineRoute, type Route } from "./route.ts";
import { createStreamLimit } from "./stream-limit.ts";
import type { TurnDeps } from "./turn-deps.ts";

const MOST_OF_A_KEY = 16;
const jobs = "/api/v1/knowledge/jobs";
const params = z.strictObject({ job_id: idSchema });

/** How documents that are being read are getting on. */
export function knowledgeJobRoutes(deps: TurnDeps): readonly Route[] {
  const { ingestion, clock, drain = createDrain() } = deps;
  const enter = createStreamLimit(MOST_OF_A_KEY, "documents");

  return [
    defineRoute({
      method: "get",
      path: jobs,
      role: "admin",
      summary:
        "Documents that are being read or were, newest first; kept for 7 days, failed ones that nobody could end for 30",
      query: pageQuery,
      answer: { status: 200, description: "A page of jobs", schema: pageSchema(ingestJobSchema) },
      async handle({ query, context }) {
        const { items, next } = await ingestion.jobs(pageOf(query), context);
        return { json: { items: items.map(ingestJobJson), next } };
      },
    }),
    defineRoute({
      method: "get",
      path: `${jobs}/:job_id`,
      role: "admin",
      summary: "How a document is getting on",
      params,
      answer: { status: 200, description: "The job as it is now", schema: ingestJobSchema },
      problems: ["not_found"],
      async handle({ params: { job_id }, context }) {
        return { json: ingestJobJson(await ingestion.job(job_id, context)) };
      },
    }),
    defineRoute({
      method: "delete",
      path: `${jobs}/:job_id`,
      role: "admin",
      summary:
        "End a job, and the jobs of its pages: what waits never starts, what is being read stops at its next step, what is live stays",
      params,
      answer: {
        status: 200,
        description:
          "It is `cancelled`, also when it was before; or else its pages are, of a sitemap or a crawl that is live itself. With 202 and the same shape: it, or one of its pages, has not stopped yet; ask again.",
        schema: ingestJobSchema,
      },
      problems: ["not_found", "job_over"],
      async handle({ params: { job_id }, context }) {
        const { job, stopped } = await ingestion.cancel(job_id, context);
        return { status: stopped ? 200 : 202, json: ingestJobJson(job) };
      },
    }),
    defineRoute({
      method: "get",
      path: `${jobs}/:job_id/events`,
      role: "admin",
      summary:
        "How a document is getting on, from now until it is live, has failed or is cancelled, whichever process reads it",
      params,
      answer: {
        status: 200,
        description:
          "Events: `state` with the whole job, first as it is now and then at each change; the stream ends after the last one. " +
          "`shutdown` when this server goes away: connect again.",
        type: "text/event-stream",
      },
      problems: ["not_found", "shutting_down"],
      async handle({ callerKey, params: { job_id: jobId }, context, response }) {
        const leave = enter(callerKey);
        try {
          await ingestion.job(jobId, context);
          const stream = createEventStream(response, { clock });
          const last = await lastWord(
            (hear) => ingestion.watch(jobId, hear),
            [context.signal, drain.begun],
            (job) => stream.write(stateText(job)),
          );
          stream.end(last ? stateText(last) : noticeText("shutdown", { retry_after_s: RETRY_AFTER_S }));
          return "sent" as const;
        } finally {
          leave();
        }
      },
    }),
  ];
}

function stateText(job: IngestJob): string {
  return noticeText("state", ingestJobJson(job));
}

/** Hands on what is heard, up to the last word, to which it resolves; undefined when one of the signals was aborted before. */
function lastWord(
  watch: (hear: (job: IngestJob) => void) => () => void,
  signals: readonly AbortSignal[],
  onState: (job: IngestJob) => void,
): Promise<IngestJob | undefined> {
  return new Promise((resolve) => {
    const settle = (job?: IngestJob) => {
      stop();
      for (const signal of signals) signal.removeEventListener("abort", leave);
      resolve(job);
    };
    const leave = () => settle();
    const stop = watch((job) => {
      if (isOver(job)) settle(job);
      else onState(job);
    });
    for (const signal of signals) signal.addEventListener("abort", leave);
    if (signals.some((signal) => signal.aborted)) leave();
  });
}
