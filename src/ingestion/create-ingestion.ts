import type { Cluster } from "../cluster/cluster.ts";
import type { Clock } from "../fallbacks/core/clock.ts";
import { type CallContext, createContext } from "../fallbacks/core/context.ts";
import { LayerError } from "../fallbacks/core/errors.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import type { Json } from "../fallbacks/store/port.ts";
import { findJob } from "../jobs/job-rows.ts";
import type { Job, Jobs } from "../jobs/jobs.ts";
import { sharedOnly } from "../jobs/shared-only.ts";
import { stepContext } from "../jobs/step-context.ts";
import { checkName } from "../retrieval/document-names.ts";
import type { Fetcher } from "../retrieval/fetching/fetcher.ts";
import type { Knowledge } from "../retrieval/knowledge.ts";
import { kindOf } from "../retrieval/reading/kinds.ts";
import { whenFree } from "../retrieval/slices.ts";
import { createCancel, noSuchJob } from "./cancel.ts";
import { checkDepth, checkLimit, checkPageLimit, checkSize, checkUrl, USUAL_DEPTH, USUAL_PAGES } from "./checks.ts";
import { factsOf, INGEST, ingestJobOf } from "./ingest-records.ts";
import { createIngestRun } from "./ingest-run.ts";
import { type Ingestion, type IngestJob, isOver } from "./ingestion.ts";
import { createJobWatch } from "./job-watch.ts";
import { sweepUploads } from "./sweep.ts";
import { createUploads } from "./uploads.ts";

export interface IngestionOptions {
  readonly knowledge: Pick<Knowledge, "add" | "reserve">;
  readonly fetcher: Pick<Fetcher, "fetch">;
  readonly jobs: Pick<Jobs, "add" | "get" | "list" | "below" | "cancel" | "handle" | "repeat">;
  readonly store: StoreAccess;
  readonly cluster: Pick<Cluster, "publish" | "subscribe" | "onConnected">;
  readonly clock: Clock;
  /** 32 hex digits that nobody can guess, never the same twice. */
  readonly newId: () => string;
  /** Hears of what fails in the background. */
  readonly report: (error: unknown, fields: object) => void;
}

/** Documents that are read at a time in this process: while some are being saved, others are being prepared. */
const AT_ONCE = 4;
/** For each look at a job. */
const LOOK_MS = 10_000;

/** Takes the jobs of the kind `ingest`, and the care of what was uploaded for them. */
export function createIngestion(options: IngestionOptions): Ingestion {
  const { knowledge, jobs, clock, cluster, newId, report } = options;
  const uploads = createUploads(options);

  async function find(jobId: string, context: CallContext): Promise<IngestJob | undefined> {
    const job = await jobs.get(jobId, context);
    return job && ingestJobOf(job);
  }

  async function job(jobId: string, context: CallContext): Promise<IngestJob> {
    const found = await find(jobId, context);
    if (found) return found;
    throw noSuchJob();
  }

  /**
   * Saves a file while its name is being reserved. Of the two what fails is thrown, and then nothing is left. The name does not wait where
   * saving does: of two files of one name the later one is that which came later.
   */
  async function receive(name: string, jobId: string, bytes: Uint8Array, context: CallContext) {
    const saving = whenFree(context.signal).then(() => uploads.put(jobId, bytes, context));
    const [reserved, saved] = await Promise.allSettled([knowledge.reserve(name, context), saving]);
    if (reserved.status === "rejected") {
      if (saved.status === "fulfilled") await uploads.discard(jobId, saved.value, context);
      throw reserved.reason;
    }
    if (saved.status === "rejected") throw saved.reason;
    return { reservation: reserved.value, parts: saved.value };
  }

  const looking = () => createContext({ clock, requestId: "ingest-watch", deadlineMs: LOOK_MS });
  const watch = createJobWatch({ clock, cluster, report, read: (jobId) => find(jobId, looking()) });

  async function wait(jobId: string, ms: number, context: CallContext): Promise<IngestJob> {
    const first = await job(jobId, stepContext(context, { clock, ms: LOOK_MS }));
    if (isOver(first) || ms <= 0) return first;
    return new Promise((resolve, reject) => {
      let last = first;
      const settle = (end: () => void) => {
        stop();
        cancel();
        context.signal.removeEventListener("abort", leave);
        end();
      };
      const leave = () => {
        const cause: unknown = context.signal.reason;
        settle(() => reject(new LayerError("aborted", "the caller went away", { cause })));
      };
      const cancel = clock.after(ms, () => settle(() => resolve(last)));
      const stop = watch.watch(jobId, (now) => {
        last = now;
        if (isOver(now)) settle(() => resolve(now));
      });
      context.signal.addEventListener("abort", leave);
      if (context.signal.aborted) leave();
    });
  }

  async function begin(jobId: string, payload: Json, context: CallContext): Promise<IngestJob> {
    const added: Job = await jobs.add({ kind: INGEST, jobId, payload }, context);
    const begun = ingestJobOf(added);
    if (!begun) throw new LayerError("server", `job ${jobId} is not as it was made`);
    return begun;
  }

  jobs.handle(INGEST, createIngestRun({ ...options, uploads, watch }), { concurrency: AT_ONCE });
  const careful = sharedOnly(options.store, clock);
  sweepUploads({
    jobs,
    uploads,
    clock,
    find: async (jobId, context) => (await findJob(careful, jobId, context)).value?.record,
  });

  return {
    job,
    watch: (jobId, hear) => watch.watch(jobId, hear),
    async file({ name, content, ...facts }, context) {
      const text = typeof content === "string";
      const bytes = text ? Buffer.from(content) : content;
      checkName(name);
      checkSize(name, bytes.length);
      kindOf({ name, content });
      const jobId = `${INGEST}_${newId()}`;
      const { reservation, parts } = await receive(name, jobId, bytes, context);
      // The last thing that is saved: from now on the file is sure to be read.
      return begin(
        jobId,
        { kind: "file", name, parts, text, reservation: { ...reservation }, ...factsOf(facts) },
        context,
      );
    },
    async page(
      { url: given, kind = "page", limit = USUAL_PAGES, depth = USUAL_DEPTH, within = "directory", ...facts },
      context,
    ) {
      const url = checkUrl(given);
      const jobId = `${INGEST}_${newId()}`;
      if (kind === "sitemap") {
        return begin(jobId, { kind, url, limit: checkLimit(limit), ...factsOf(facts) }, context);
      }
      if (kind === "crawl") {
        const bounds = { limit: checkLimit(limit), depth: checkDepth(depth), within };
        return begin(jobId, { kind, url, ...bounds, ...factsOf(facts) }, context);
      }
      const reservation = await knowledge.reserve(url, context);
      return begin(jobId, { kind, url, reservation: { ...reservation }, ...factsOf(facts) }, context);
    },
    async jobs({ after, limit }, context) {
      checkPageLimit(limit);
      const page = { kind: INGEST, limit, ...(after !== undefined && { after }) };
      const { items, next } = await jobs.list(page, context);
      return { items: items.map(ingestJobOf).filter((each) => each !== undefined), next };
    },
    wait,
    cancel: createCancel({ jobs, uploads, clock, wait }),
  };
}
