import type { Ingestion, IngestJob } from "../../src/ingestion/ingestion.ts";
import { documentNamed } from "./ingest-rig.ts";

/** Takes everything at once; each job is over. */
export function fakeIngestion(change: Partial<Ingestion> = {}): Ingestion {
  const jobOf = (jobId: string, name = "a.md"): IngestJob => ({
    jobId,
    kind: "file",
    name,
    state: "live",
    total: 3,
    done: 3,
    document: documentNamed(name),
    children: [],
    skipped: [],
    failure: null,
    createdAt: "2026-01-15T10:00:00.000Z",
    updatedAt: "2026-01-15T10:00:00.000Z",
    saves: 5,
  });
  return {
    file: async ({ name }) => jobOf("ingest_1", name),
    page: async ({ url }) => jobOf("ingest_1", url),
    job: async (jobId) => jobOf(jobId),
    jobs: async () => ({ items: [jobOf("ingest_1")], next: null }),
    cancel: async (jobId) => ({ job: jobOf(jobId), stopped: true }),
    wait: async (jobId) => jobOf(jobId),
    watch(jobId, hear) {
      queueMicrotask(() => hear(jobOf(jobId)));
      return () => {};
    },
    ...change,
  };
}
