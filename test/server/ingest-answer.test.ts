import { describe, expect, it } from "vitest";
import type { IngestJob } from "../../src/ingestion/ingestion.ts";
import { Problem } from "../../src/problems.ts";
import { answerFor } from "../../src/server/ingest-answer.ts";
import { fakeIngestion } from "../ingestion/fake-ingestion.ts";
import { testContext } from "../support/context.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { recordingLog } from "./test-server.ts";

it("leaves out the page of a sitemap whose job is not to be found, and answers for the rest", async () => {
  const clock = createManualClock();
  const context = testContext({ clock });
  const there = fakeIngestion();
  async function job(jobId: string): Promise<IngestJob> {
    if (jobId === "gone") throw new Problem("not_found", "job_id names no job that reads documents");
    const found = await there.job(jobId, context);
    return jobId === "site" ? { ...found, kind: "sitemap", document: null, children: ["page", "gone"] } : found;
  }
  const ingestion = { job, wait: job };
  const brought = [{ name: "site", receive: () => job("site") }];
  const { status, json } = await answerFor(brought, 1_000, context, { clock, log: recordingLog(), ingestion });
  expect(status).toBe(201);
  expect(json.jobs.map(({ job_id }) => job_id)).toEqual(["site", "page"]);
});

describe("where jobs are cancelled while somebody waits", () => {
  type Ending = "live" | "failed" | "cancelled";
  const failure = { code: "document_unreadable", detail: "a.md is empty." } as const;

  function answer(...endings: readonly Ending[]) {
    const clock = createManualClock();
    const context = testContext({ clock });
    const there = fakeIngestion();
    async function job(jobId: string): Promise<IngestJob> {
      const state = endings[Number(jobId)] ?? "live";
      const found = { ...(await there.job(jobId, context)), name: `${jobId}.md`, state };
      if (state === "live") return found;
      return { ...found, document: null, failure: state === "failed" ? failure : null };
    }
    const brought = endings.map((_, at) => ({ name: `${at}.md`, receive: () => job(`${at}`) }));
    return answerFor(brought, 1_000, context, { clock, log: recordingLog(), ingestion: { job, wait: job } });
  }

  const detail = "It was cancelled before it was live.";

  it("names them among what failed, beside what is live", async () => {
    const { status, json } = await answer("live", "cancelled");
    expect(status).toBe(201);
    expect(json.failed).toEqual([{ name: "1.md", code: "job_over", detail }]);
  });

  it("answers as where all failed when nothing is live", async () => {
    await expect(answer("cancelled", "failed")).rejects.toMatchObject({
      code: "job_over",
      errors: [
        { field: "0.md", detail },
        { field: "1.md", detail: failure.detail },
      ],
    });
  });
});
