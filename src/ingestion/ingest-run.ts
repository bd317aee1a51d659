import type { Clock } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import type { Json } from "../fallbacks/store/port.ts";
import type { JobRun, Jobs } from "../jobs/jobs.ts";
import { Problem } from "../problems.ts";
import type { Fetcher } from "../retrieval/fetching/fetcher.ts";
import type { Knowledge, NewDocument } from "../retrieval/knowledge.ts";
import { whenFree } from "../retrieval/slices.ts";
import { atMost } from "./at-most.ts";
import { addChild, childOf, parentOf } from "./children.ts";
import { createCrawl } from "./crawl.ts";
import { failureOf, retryOf } from "./failures.ts";
import {
  atFirst,
  factsOf,
  type IngestPayload,
  partsOf,
  progressJson,
  readPayload,
  readProgress,
} from "./ingest-records.ts";
import { isOver } from "./ingestion.ts";
import type { JobWatch } from "./job-watch.ts";
import { createNamesInHand } from "./names-in-hand.ts";
import { contentOf, fetchPage, pagesOf } from "./pages.ts";
import { createProgressSaver, type ProgressSaver } from "./progress-saver.ts";
import { type Stoppable, stoppable } from "./stoppable.ts";
import type { Uploads } from "./uploads.ts";

export interface IngestRunDeps {
  readonly knowledge: Pick<Knowledge, "add" | "reserve">;
  readonly fetcher: Pick<Fetcher, "fetch">;
  readonly uploads: Pick<Uploads, "put" | "replace" | "read" | "remove">;
  readonly jobs: Pick<Jobs, "add" | "get" | "cancel">;
  readonly watch: Pick<JobWatch, "announce">;
  readonly clock: Clock;
}

type PayloadOf<K extends IngestPayload["kind"]> = Extract<IngestPayload, { readonly kind: K }>;

/** One job while it is done. */
interface Work extends Pick<Stoppable, "context" | "goOn"> {
  readonly jobId: string;
}

/** Children that are made between two times that progress is saved. */
const BATCH = 50;
const AT_ONCE = 4;

/**
 * Does one job, from wherever it was: a document is added in one instant, and adding it again changes nothing. A document that cannot be
 * read is an outcome; only what is not its fault is thrown, and so tried again. The outcome is saved before what was uploaded is removed. Whoever ends
 * the job stops it between two steps, or in one that changes nothing that is found; from the last step before a document is live it goes on.
 */
export function createIngestRun(deps: IngestRunDeps): (run: JobRun) => Promise<Json> {
  const { knowledge, fetcher, uploads, jobs, watch, clock } = deps;
  const names = createNamesInHand();
  const crawl = createCrawl(deps);

  async function run({ job, context, ending, progress }: JobRun): Promise<Json> {
    const payload = readPayload(job.payload);
    if (!payload) throw new Error(`job ${job.jobId} has a payload that is not known here`);
    const known = readProgress(job.progress);
    const now = () => clock.wall().toISOString();
    const saver = createProgressSaver({
      first: known && isOver(known) ? known : atFirst(now(), known?.saves),
      now,
      write: progress,
      // It is given up, or taken over by another process; or this one stops, and the job begins again.
      isLost: () => context.signal.aborted,
      announce: (state) => watch.announce(job.jobId, state),
    });

    if (!isOver(saver.current)) {
      const stop = stoppable(context, ending);
      const work: Work = { jobId: job.jobId, context: stop.context, goOn: () => stop.goOn() };
      try {
        await endWithParent(job.jobId, context);
        ending.throwIfAborted();
        if (payload.kind === "sitemap") await spread(payload, work, saver);
        else if (payload.kind === "crawl") await crawl(payload, work, saver);
        else await names.alone(nameIn(payload), () => read(payload, work, saver));
      } catch (error) {
        const failure = stop.ended ? undefined : failureOf(error);
        if (!failure) throw retryOf(error);
        await saver.save({ state: "failed", failure });
      } finally {
        stop.release();
        await saver.settled();
      }
    }
    const parts = partsOf(payload);
    if (parts > 0) await uploads.remove(job.jobId, parts, context);
    return progressJson(saver.current);
  }

  /** A page whose sitemap or crawl was ended ends with it, also where whoever ended that did not get to it. */
  async function endWithParent(jobId: string, context: CallContext): Promise<void> {
    const parentId = parentOf(jobId);
    const parent = parentId === undefined ? undefined : await jobs.get(parentId, context);
    if (parent?.ending && parent.state !== "done") await jobs.cancel(jobId, context);
  }

  async function read(
    payload: PayloadOf<"file" | "page">,
    { jobId, context, goOn }: Work,
    saver: ProgressSaver,
  ): Promise<void> {
    await whenFree(context.signal);
    const source = payload.kind === "file" ? fileOf(payload, jobId, context) : pageOf(payload, jobId, context);
    const found = await source;
    await whenFree(context.signal);
    const { reservation } = payload;
    const document = await knowledge.add({ ...found, ...factsOf(payload) }, context, {
      ...(reservation && { reservation }),
      onState(state, chunks) {
        // Next it becomes live, with all that this takes.
        if (state === "indexed") goOn();
        // Saved with the document that it has become.
        if (state !== "live") saver.soon({ state, total: chunks, done: 0 });
      },
    });
    await saver.save({ state: "live", total: document.chunks, done: document.chunks, document });
  }

  async function fileOf(
    { name, parts, text }: PayloadOf<"file">,
    uploadId: string,
    context: CallContext,
  ): Promise<NewDocument> {
    const bytes = await uploads.read(uploadId, parts, context);
    if (!bytes) throw new Problem("document_unreadable", `${name} is not there any more; send it again.`);
    return { name, content: text ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes) : bytes };
  }

  async function pageOf(
    { url, fetched }: PayloadOf<"page">,
    uploadId: string,
    context: CallContext,
  ): Promise<NewDocument> {
    const bytes = fetched && (await uploads.read(uploadId, fetched.parts, context));
    const content = bytes ? contentOf({ ...fetched, bytes }) : await fetchPage(url, fetcher, context);
    return { name: url, url, ...content };
  }

  /** Makes a job of each page: as each has the same id whenever it is made, none is made twice. */
  async function spread(
    payload: PayloadOf<"sitemap">,
    { jobId, context }: Pick<Work, "jobId" | "context">,
    saver: ProgressSaver,
  ): Promise<void> {
    const { pages, skipped } = await pagesOf(payload, fetcher, context);
    const children: string[] = [];
    await saver.save({ state: "parsed", total: pages.length, done: 0, children: [], skipped });
    for (let at = 0; at < pages.length; at += BATCH) {
      const batch = pages.slice(at, at + BATCH).map((url) => ({ url, jobId: childOf(jobId, url) }));
      await atMost(AT_ONCE, batch, (child) => addChild(child, factsOf(payload), deps, context));
      children.push(...batch.map(({ jobId }) => jobId));
      const all = children.length === pages.length;
      await saver.save({ state: all ? "live" : "parsed", done: children.length, children: [...children] });
    }
  }

  return run;
}

/** As documents are known by, where it was reserved. */
function nameIn(payload: PayloadOf<"file" | "page">): string {
  return payload.reservation?.name ?? (payload.kind === "file" ? payload.name : payload.url);
}
