import { expect, it } from "vitest";
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
