import { z } from "zod";
import type { Clock } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import { atMost } from "../ingestion/at-most.ts";
import { type Ingestion, type IngestJob, isOver } from "../ingestion/ingestion.ts";
import { stepContext } from "../jobs/step-context.ts";
import { Problem } from "../problems.ts";
import type { DocumentInfo } from "../retrieval/knowledge.ts";
import { createDrain, type Drain } from "./drain.ts";
import { documentJson, documentSchema, ingestJobJson, ingestJobSchema } from "./knowledge-schemas.ts";
import { reportProblem } from "./problem-handler.ts";
import { problemOf } from "./problem-json.ts";
import type { Logger } from "./server-deps.ts";
import { ProblemList } from "./validation.ts";

export const waitQuery = z.strictObject({
  wait: z
    .string()
    .regex(/^\d{1,9}$/, { error: "must be a whole number" })
    .transform(Number)
    .pipe(z.int().min(0).max(60))
    .default(10)
    .meta({ description: "Seconds that the answer waits for the documents to be live." }),
});

const ingestAnswerSchema = z.object({
  documents: z.array(documentSchema).meta({ description: "What is live now." }),
  failed: z.array(z.object({ name: z.string(), code: z.string(), detail: z.string() })),
  jobs: z
    .array(ingestJobSchema)
    .meta({ description: "How each one is getting on, those of the pages of a sitemap or a crawl too." }),
});

export const ingestAnswer = {
  status: 201,
  description:
    "All is done: what was added, and what was not and why. With 202 and the same shape: what is kept and goes on; follow its jobs.",
  schema: ingestAnswerSchema,
};

/** For each look at a job. */
const LOOK_MS = 10_000;
/** Pages of a sitemap or a crawl that are looked at together. */
const AT_ONCE = 20;

/** One of several things that were brought: its name, and how to hand it in. */
export interface Brought {
  readonly name: string;
  /** Of the request, which errors name when it is not received; absent: its name, by which a file is found among others. */
  readonly field?: string;
  readonly receive: () => Promise<IngestJob>;
}

interface Failure extends Required<Pick<Brought, "name" | "field">> {
  readonly problem: Problem;
}

export interface AnswerDeps {
  readonly ingestion: Pick<Ingestion, "wait" | "job">;
  readonly clock: Clock;
  readonly log: Logger;
  /** When it begins, nobody waits any longer. Absent: it never does. */
  readonly drain?: Drain;
}

/**
 * Hands in one after the other, and waits until all are over, for so many ms at most. What cannot be received stops no other.
 * @throws {ProblemList} with the code of the first failure when all are over and not one is live.
 */
export async function answerFor(
  brought: readonly Brought[],
  ms: number,
  context: CallContext,
  deps: AnswerDeps,
): Promise<{ readonly status: 201 | 202; readonly json: z.output<typeof ingestAnswerSchema> }> {
  const refused: Failure[] = [];
  const received: IngestJob[] = [];
  for (const { name, field = name, receive } of brought) {
    try {
      received.push(await receive());
    } catch (error) {
      reportProblem(error, context.requestId, deps.log);
      refused.push({ name, field, problem: problemOf(error) });
    }
  }
  const jobs = await follow(received, ms, context, deps);
  const failed = [...refused, ...jobs.flatMap(failureIn)];
  const over = jobs.every(isOver);
  const [first, ...rest] = failed;
  if (first && over && jobs.every(({ state }) => state !== "live")) {
    const line = ({ field, problem }: Failure) => ({ field, detail: problem.message });
    throw new ProblemList(first.problem.code, [line(first), ...rest.map(line)]);
  }
  return {
    status: over ? 201 : 202,
    json: {
      documents: liveOf(jobs).map(documentJson),
      failed: failed.map(({ name, problem }) => ({ name, code: problem.code, detail: problem.message })),
      jobs: jobs.map(ingestJobJson),
    },
  };
}

/** The jobs as they are in the end, each sitemap and crawl followed by its pages. */
async function follow(
  jobs: readonly IngestJob[],
  ms: number,
  context: CallContext,
  { ingestion, clock, drain = createDrain() }: AnswerDeps,
): Promise<readonly IngestJob[]> {
  const endsAt = clock.now() + ms;
  // A request may wait for longer than one call may take.
  const looking = stepContext(context, { clock, ms: LOOK_MS });

  async function settled(jobId: string): Promise<IngestJob> {
    const left = endsAt - clock.now();
    if (drain.begun.aborted || left <= 0) return ingestion.job(jobId, looking);
    const waiting = new AbortController();
    const leave = () => waiting.abort();
    for (const signal of [drain.begun, context.signal]) signal.addEventListener("abort", leave);
    try {
      return await ingestion.wait(jobId, left, { ...looking, signal: waiting.signal });
    } catch (error) {
      // Whoever waits is told how far it is when this server goes away.
      if (drain.begun.aborted) return await ingestion.job(jobId, looking);
      throw error;
    } finally {
      for (const signal of [drain.begun, context.signal]) signal.removeEventListener("abort", leave);
    }
  }

  /** A page whose job is not kept any longer, or not to be seen at the moment, hides neither the others nor the sitemap or crawl. */
  async function ifThere(jobId: string): Promise<IngestJob | undefined> {
    try {
      return await settled(jobId);
    } catch (error) {
      if (error instanceof Problem && error.code === "not_found") return undefined;
      throw error;
    }
  }

  async function withPages({ jobId }: IngestJob): Promise<readonly IngestJob[]> {
    const job = await settled(jobId);
    const pages = await atMost(AT_ONCE, job.children, ifThere);
    return [job, ...pages.filter((page) => page !== undefined)];
  }

  return (await Promise.all(jobs.map(withPages))).flat();
}

function failureIn({ name, state, failure }: IngestJob): readonly Failure[] {
  if (state === "cancelled")
    return [{ name, field: name, problem: new Problem("job_over", "It was cancelled before it was live.") }];
  return failure ? [{ name, field: name, problem: new Problem(failure.code, failure.detail) }] : [];
}

/** Of several of one name the one that was brought last: the others were live before it, if at all. */
function liveOf(jobs: readonly IngestJob[]): readonly DocumentInfo[] {
  const byName = new Map<string, DocumentInfo>();
  for (const { document } of jobs) if (document) byName.set(document.name, document);
  return [...byName.values()];
}
