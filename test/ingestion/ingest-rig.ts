import type { StoreAccess } from "../../src/fallbacks/store/access.ts";
import { createIngestion } from "../../src/ingestion/create-ingestion.ts";
import { type Ingestion, type IngestJob, isOver } from "../../src/ingestion/ingestion.ts";
import { Problem } from "../../src/problems.ts";
import type { Fetched, Fetcher } from "../../src/retrieval/fetching/fetcher.ts";
import { otherStatus } from "../../src/retrieval/fetching/refusal.ts";
import type { AddOptions, DocumentInfo, Knowledge, NewDocument } from "../../src/retrieval/knowledge.ts";
import { createFakeClusters, type FakeMember } from "../cluster/fake-cluster.ts";
import { createIds, createTestAccess } from "../contracts/store-access.ts";
import { createTown, createWorker, type Worker, type WorkerOptions } from "../jobs/jobs-rig.ts";
import { testContext } from "../support/context.ts";

export interface Added {
  readonly document: NewDocument;
  readonly options: AddOptions | undefined;
}

/** A knowledge base that takes everything, by names: what `bad` begins with is empty. */
export interface ScriptedKnowledge extends Pick<Knowledge, "add" | "reserve"> {
  /** What was asked to be added, failed or not. */
  readonly asked: readonly Added[];
  readonly reserved: readonly string[];
  /** Called before the document goes live; what it throws is thrown. */
  beforeLive: (name: string) => Promise<void>;
}

export function documentNamed(name: string, change: Partial<DocumentInfo> = {}): DocumentInfo {
  return {
    documentId: `doc_of_${name.replace(/\W/g, "_")}`,
    name,
    title: "A title",
    url: null,
    version: 1,
    chunks: 3,
    characters: 300,
    addedAt: "2026-01-15T10:00:00.000Z",
    audience: [],
    metadata: {},
    repeated: 0,
    similar: [],
    ...change,
  };
}

export function scriptedKnowledge(): ScriptedKnowledge {
  const asked: Added[] = [];
  const reserved: string[] = [];
  const knowledge: ScriptedKnowledge = {
    asked,
    reserved,
    beforeLive: async () => {},
    async reserve(name) {
      if (name.includes("\n")) throw new Problem("invalid_request", "name: no line breaks", { field: "name" });
      reserved.push(name);
      return { name, order: reserved.length, deletions: 0 };
    },
    async add(document, _context, options) {
      asked.push({ document, options });
      const { name, url, audience = [], metadata = {} } = document;
      if (name.startsWith("bad")) throw new Problem("document_unreadable", `${name} is empty.`);
      for (const state of ["parsed", "embedded", "indexed"] as const) await options?.onState?.(state, 3);
      await knowledge.beforeLive(name);
      await options?.onState?.("live", 3);
      return documentNamed(name, { url: url ?? null, audience, metadata });
    },
  };
  return knowledge;
}

/** Pages by address; any other one is refused. */
export type Web = Record<string, Omit<Fetched, "url" | "bytes"> & { readonly bytes: string | Uint8Array }>;

export interface Process {
  readonly ingestion: Ingestion;
  readonly worker: Worker;
  readonly member: FakeMember;
  readonly reported: unknown[];
}

/** Processes over one store, on one clock. */
export function ingestRig(settings: NonNullable<WorkerOptions["settings"]> = {}, given?: Pick<Fetcher, "fetch">) {
  const { access, clock } = createTestAccess();
  const town = createTown();
  const { members } = createFakeClusters(4, clock);
  const knowledge = scriptedKnowledge();
  const web: Web = {};
  const fetched: string[] = [];
  /** Called before each answer of the web. */
  const beforeFetch = { hear: async (_url: string) => {} };
  let started = 0;
  const scripted: Pick<Fetcher, "fetch"> = {
    async fetch(url, accept, _context, { refuse } = {}) {
      const why = refuse?.(new URL(url));
      if (why !== undefined) throw new Problem("url_refused", `The address ${why}.`);
      fetched.push(url);
      await beforeFetch.hear(url);
      const page = web[url];
      if (!page) throw new Problem("url_refused", `${url} answers with 404.`, { cause: otherStatus(404).cause });
      if (accept !== "any" && !accept.has(page.mediaType))
        throw new Problem("url_refused", `${url} is ${page.mediaType}.`);
      return { ...page, url, bytes: typeof page.bytes === "string" ? Buffer.from(page.bytes) : page.bytes };
    },
  };

  function start(store: StoreAccess = access): Process {
    const member = members[started] as FakeMember;
    started += 1;
    const reported: unknown[] = [];
    const report = (error: unknown) => void reported.push(error);
    const worker = createWorker({ store, clock, town, report, settings });
    const ingestion = createIngestion({
      knowledge,
      fetcher: given ?? scripted,
      jobs: worker.jobs,
      store,
      cluster: member,
      clock,
      newId: createIds(),
      report,
    });
    return { ingestion, worker, member, reported };
  }

  const context = () => testContext({ clock });

  /** Lets time pass until the job is over, an hour at most. */
  async function ended(ingestion: Ingestion, jobId: string): Promise<IngestJob> {
    for (let second = 0; second < 3_600; second += 1) {
      const job = await ingestion.job(jobId, context());
      if (isOver(job)) return job;
      await clock.advance(1_000);
    }
    throw new Error(`job ${jobId} has not ended`);
  }

  async function uploads(): Promise<readonly string[]> {
    const { value } = await access.list({ collection: "uploads", limit: 1_000 }, context());
    return value.map(({ key }) => key);
  }

  return { access, clock, knowledge, web, fetched, beforeFetch, start, context, ended, uploads, town };
}

export type IngestRig = ReturnType<typeof ingestRig>;
