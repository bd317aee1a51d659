import { describe, expect, it, onTestFinished, vi } from "vitest";
import { documentsPath, knowledgePath, knowledgeServer } from "./knowledge-rig.ts";
import { gate } from "./test-server.ts";

const jobsPath = `${knowledgePath}/jobs`;

/** A client of the events of a job. */
async function follow(url: string, jobId: string) {
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const response = await fetch(`${url}${jobsPath}/${jobId}/events`, { signal: controller.signal });
  let text = "";
  const over = (async () => {
    try {
      for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) text += piece;
    } catch {
      // Broken off by the test: an end too.
    }
  })();
  const events = () =>
    Array.from(text.matchAll(/^event: (\w+)\ndata: (.*)$/gm), ([, event, data = ""]) => ({
      event,
      data: JSON.parse(data) as Readonly<Record<string, unknown>>,
    }));
  return {
    response,
    over,
    leave: () => controller.abort(),
    events,
    states: () => events().map(({ event, data }) => data["state"] ?? event),
    has: (state: string) =>
      vi.waitFor(() => expect(events().map(({ data }) => data["state"])).toContain(state), {
        timeout: 20_000,
        interval: 5,
      }),
  };
}

/** A server that has begun to read `a.md`, and does not get on before it is let. */
async function held() {
  const rig = await knowledgeServer();
  const way = gate();
  const reached = gate();
  rig.knowledge.beforeLive = () => {
    reached.open();
    return way.opened;
  };
  const { json } = await rig.call("POST", `${documentsPath}?wait=0`, { name: "a.md", content: "x" });
  await reached.opened;
  return { ...rig, open: () => way.open(), jobId: json.jobs?.[0]?.job_id ?? "" };
}

describe("jobs", () => {
  it("are listed and shown as they are", async () => {
    const { call, open, jobId, process, context } = await held();
    const running = await call("GET", `${jobsPath}/${jobId}`);
    expect(running.json).toEqual({
      job_id: jobId,
      kind: "file",
      name: "a.md",
      state: "indexed",
      total: 3,
      done: 0,
      document: null,
      children: [],
      skipped: [],
      failure: null,
      created_at: expect.any(String),
      updated_at: expect.any(String),
    });
    expect((await call("GET", jobsPath)).json).toEqual({ items: [running.json], next: null });
    open();
    await process.ingestion.wait(jobId, 1_000, context());
    expect((await call("GET", `${jobsPath}/${jobId}`)).json).toMatchObject({
      state: "live",
      done: 3,
      document: { name: "a.md", added_at: expect.any(String) },
    });
  });

  it.each([
    ["/ingest_none", 404, "not_found"],
    ["/ingest_none/events", 404, "not_found"],
    ["?limit=0", 400, "invalid_request"],
    ["?after=nonsense", 400, "invalid_request"],
  ])("GET %s is %i", async (path, status, code) => {
    const { call } = await knowledgeServer();
    expect(await call("GET", jobsPath + path)).toMatchObject({ status, json: { code } });
  });
});

describe("events of a job", () => {
  it("tell each state with the whole job, first as it is now, and end with the last", async () => {
    const { call, url, open, jobId } = await held();
    const readers = await Promise.all([follow(url, jobId), follow(url, jobId)]);
    for (const reader of readers) await reader.has("indexed");
    open();
    for (const reader of readers) await reader.over;
    const { json } = await call("GET", `${jobsPath}/${jobId}`);
    for (const reader of readers) {
      expect(reader.response.headers.get("content-type")).toContain("text/event-stream");
      expect(reader.states()).toEqual(["indexed", "live"]);
      expect(reader.events().at(-1)?.data).toEqual(json);
    }
    const late = await follow(url, jobId);
    await late.over;
    expect(late.events().map(({ data }) => data)).toEqual([json]);
  });

  it("say so when the server goes away", async () => {
    const { url, server, jobId } = await held();
    const reader = await follow(url, jobId);
    await reader.has("indexed");
    void server.close(5_000);
    await reader.over;
    expect(reader.states()).toEqual(["indexed", "shutdown"]);
  });

  it("are for 16 at a time, and make room when one leaves", async () => {
    const { url, jobId } = await held();
    const readers = await Promise.all(Array.from({ length: 16 }, () => follow(url, jobId)));
    for (const reader of readers) await reader.has("indexed");
    const refused = await follow(url, jobId);
    expect(refused.response.status).toBe(429);
    readers[0]?.leave();
    await vi.waitFor(async () => expect((await follow(url, jobId)).response.status).toBe(200), { interval: 20 });
  });
});
