import { describe, expect, it, onTestFinished, vi } from "vitest";
import { whileTimePasses } from "../support/while-time-passes.ts";
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

describe("ending a job", () => {
  it("answers with the job as it is cancelled, again too, and its events end with that", async () => {
    const { call, url, knowledge, clock } = await held();
    const sent: string[] = [];
    for (const name of ["b", "c", "d", "e"]) {
      const { json } = await call("POST", `${documentsPath}?wait=0`, { name: `${name}.md`, content: "x" });
      sent.push(json.jobs?.[0]?.job_id ?? "");
    }
    await clock.advance(0);
    const path = `${jobsPath}/${sent[3] ?? ""}`;
    const reader = await follow(url, sent[3] ?? "");
    await reader.has("received");
    const ended = await whileTimePasses(clock, call("DELETE", path), 250);
    expect(ended).toMatchObject({
      status: 200,
      json: { job_id: sent[3], state: "cancelled", document: null, failure: null },
    });
    await whileTimePasses(clock, reader.over, 250);
    expect(reader.states()).toEqual(["received", "cancelled"]);
    expect(await call("DELETE", path)).toMatchObject({ status: 200, json: ended.json });
    expect((await call("GET", path)).json).toEqual(ended.json);
    expect(knowledge.asked).toHaveLength(4);
  });

  it("answers 202 while it has not stopped, and 409 with the state when it has ended otherwise", async () => {
    const { call, jobId, clock, open, process, context } = await held();
    const path = `${jobsPath}/${jobId}`;
    const now = await whileTimePasses(clock, call("DELETE", path), 500);
    expect(now).toMatchObject({ status: 202, json: { state: "indexed" } });
    open();
    await whileTimePasses(clock, process.ingestion.wait(jobId, 5_000, context()), 250);
    expect(await call("DELETE", path)).toMatchObject({
      status: 409,
      json: { code: "job_over", field: "job_id", detail: "The job is live already: there is nothing left to end." },
    });
    expect(await call("DELETE", `${jobsPath}/ingest_none`)).toMatchObject({ status: 404, json: { code: "not_found" } });
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
