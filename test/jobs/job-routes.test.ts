import { expect, it } from "vitest";
import type { Job, Jobs } from "../../src/jobs/jobs.ts";
import { jobRoutes } from "../../src/server/job-routes.ts";
import { serveRoutes } from "../server/privacy-server.ts";
import { keyOf } from "../server/test-server.ts";

const at = "2026-01-15T10:00:00.000Z";
const job: Job = {
  jobId: "job_1",
  kind: "erase",
  payload: { user: "ann" },
  state: "running",
  progress: { keys_done: 1 },
  attempts: 2,
  result: null,
  error: "no luck",
  ending: false,
  createdAt: at,
  updatedAt: at,
};
const shown = {
  job_id: "job_1",
  kind: "erase",
  state: "running",
  attempts: 2,
  error: "no luck",
  progress: { keys_done: 1 },
  result: null,
  created_at: at,
  updated_at: at,
};

it("operators see jobs, without what they are about", async () => {
  const pages: object[] = [];
  const jobs: Pick<Jobs, "get" | "list"> = {
    get: async (jobId) => (jobId === "job_1" ? job : undefined),
    async list(page) {
      pages.push(page);
      return { items: [job], next: "x/y" };
    },
  };
  const { url } = await serveRoutes(jobRoutes({ jobs }));
  const get = (path: string, role = "operator") =>
    fetch(url + path, { headers: { authorization: `Bearer ${keyOf(role)}` } });
  expect(await (await get("/api/v1/jobs?kind=erase&limit=5&after=a/b")).json()).toEqual({
    items: [shown],
    next: "x/y",
  });
  await get("/api/v1/jobs");
  expect(pages).toEqual([{ kind: "erase", limit: 5, after: "a/b" }, { limit: 20 }]);
  expect(await (await get("/api/v1/jobs/job_1")).json()).toEqual(shown);
  const missing = await get("/api/v1/jobs/job_2");
  expect([missing.status, await missing.json()]).toMatchObject([404, { code: "not_found", field: "job_id" }]);
  const wrong = await get("/api/v1/jobs?kind=A");
  expect([wrong.status, await wrong.json()]).toMatchObject([400, { field: "kind" }]);
  for (const role of ["user", "agent", "admin"]) expect((await get("/api/v1/jobs", role)).status).toBe(403);
});
