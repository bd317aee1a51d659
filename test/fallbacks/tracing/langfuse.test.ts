import { describe, expect, it, vi } from "vitest";
import { createLangfuseTracing } from "../../../src/fallbacks/tracing/langfuse.ts";
import { outcome, tracingContract, turnTrace } from "../../contracts/tracing.ts";
import { testContext } from "../../support/context.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { keys, langfuseTests, traceIds, traceTurn, traceTurns, turnIds } from "./langfuse-setup.ts";

describe("Langfuse", () => {
  const { fake, create } = langfuseTests();

  tracingContract({ name: "langfuse", create: (clock) => create(clock), remote: true });

  it("sends a turn with its nodes and attempts once it has waited for others", async () => {
    const clock = createManualClock();
    const port = create(clock);
    await traceTurn(port, "turn-1");
    await clock.advance(1_999);
    expect(fake().requests).toEqual([]);
    await clock.advance(1);
    await vi.waitFor(() => expect(port.waiting).toBe(0));
    expect(fake().requests).toEqual(["POST /api/public/ingestion"]);
    expect(fake().events()).toHaveLength(5);
    expect(traceIds(fake())).toEqual(["turn-1"]);
    expect(port.dropped).toBe(0);
    await clock.advance(600_000);
    expect(fake().requests).toHaveLength(1);
  });

  it("counts only the first end of a turn", async () => {
    const port = create(createManualClock());
    const span = await port.start(turnTrace(), testContext());
    span.end(outcome);
    span.end(outcome);
    expect(port.waiting).toBe(1);
    expect(port.backlog()).toEqual({ operations: 1, dropped: 0 });
  });

  it("tells what waits and what was lost", async () => {
    const port = create(createManualClock(), { queueLimit: 2 });
    expect(port.backlog()).toEqual({ operations: 0, dropped: 0 });
    await traceTurns(port, 5);
    expect(port.backlog()).toEqual({ operations: 2, dropped: 3 });
    await port.close();
    expect(port.backlog()).toEqual({ operations: 0, dropped: 3 });
  });

  it("does not let many turns wait, and sends them in order and in parts", async () => {
    const clock = createManualClock();
    const port = create(clock);
    await traceTurns(port, 120);
    await vi.waitFor(async () => {
      await clock.advance(0);
      expect(port.waiting).toBeLessThan(50);
    });
    await clock.advance(2_000);
    await vi.waitFor(() => expect(port.waiting).toBe(0));
    expect(traceIds(fake())).toEqual(turnIds(120));
    expect(fake().requests).toHaveLength(3);
  });

  it("keeps long contents of several turns below the limit of a request", async () => {
    const clock = createManualClock();
    const port = create(clock);
    const message = "\u0001".repeat(250_000);
    for (const turnId of turnIds(3)) {
      const span = await port.start({ ...turnTrace(turnId), message }, testContext());
      span.end(outcome);
    }
    await vi.waitFor(async () => {
      await clock.advance(2_000);
      expect(port.waiting).toBe(0);
    });
    expect(fake().requests).toHaveLength(3);
    expect(fake().events()[0]?.body).toMatchObject({ input: message });
  });

  it("reads nothing from the environment", async () => {
    for (const [name, value] of Object.entries({
      LANGFUSE_BASEURL: "http://127.0.0.1:9",
      LANGFUSE_PUBLIC_KEY: "pk-other",
      LANGFUSE_SECRET_KEY: "sk-other",
      LANGFUSE_SAMPLE_RATE: "0",
      LANGFUSE_RELEASE: "secret release",
      LANGFUSE_TRACING_ENVIRONMENT: "NOT VALID",
      LANGFUSE_MAX_EVENT_SIZE_BYTES: "1",
      DEFER: "1",
    })) {
      vi.stubEnv(name, value);
    }
    const clock = createManualClock();
    const port = create(clock);
    await traceTurn(port, "turn-1");
    await clock.advance(2_000);
    await vi.waitFor(() => expect(port.waiting).toBe(0));
    vi.unstubAllEnvs();
    expect(JSON.stringify(fake().events())).not.toMatch(/secret release|NOT VALID|other/);
    expect(fake().events()).toHaveLength(5);
  });

  it("passes a message on that looks like a file, and uploads nothing", async () => {
    const clock = createManualClock();
    const port = create(clock);
    const message = "data:image/png;base64,AAAA";
    const span = await port.start({ ...turnTrace(), message }, testContext());
    span.end(outcome);
    await clock.advance(2_000);
    await vi.waitFor(() => expect(port.waiting).toBe(0));
    expect(fake().requests).toEqual(["POST /api/public/ingestion"]);
    expect(fake().events()[0]?.body).toMatchObject({ input: message });
  });

  it("checks the keys without writing when nothing waits, and sends what waits otherwise", async () => {
    const port = create(createManualClock());
    await port.probe(testContext());
    expect(fake().requests).toEqual(["GET /api/public/projects"]);
    await traceTurn(port, "turn-1");
    await port.probe(testContext());
    expect(traceIds(fake())).toEqual(["turn-1"]);
    expect(port.waiting).toBe(0);
  });

  it("has one request on its way at a time, whoever asks for it", async () => {
    const clock = createManualClock();
    const port = create(clock);
    fake().fault({ kind: "hang" });
    await traceTurn(port, "turn-1");
    const probes = Promise.allSettled([port.probe(testContext({ clock })), port.probe(testContext({ clock }))]);
    await vi.waitFor(() => expect(fake().requests).toHaveLength(1));
    await clock.advance(5_000);
    expect(await probes).toMatchObject([{ reason: { errorClass: "timeout" } }, { reason: { errorClass: "timeout" } }]);
    expect(fake().requests).toHaveLength(1);
  });

  it("lets a probe go at its limit, while the request keeps to its own", async () => {
    const clock = createManualClock();
    const port = create(clock);
    const gone = new AbortController();
    fake().fault({ kind: "slow", ms: 50 });
    await traceTurn(port, "turn-1");
    const probe = port.probe(testContext({ clock, signal: gone.signal }));
    gone.abort();
    await expect(probe).rejects.toMatchObject({ errorClass: "aborted" });
    await traceTurn(port, "turn-2");
    await vi.waitFor(async () => {
      await clock.advance(2_000);
      expect(traceIds(fake())).toEqual(["turn-1", "turn-2"]);
    });
  });

  it("sends to a Langfuse under a path, without the credentials of the URL", async () => {
    const port = create(createManualClock(), { baseUrl: `${fake().url.replace("//", "//ann:pw@")}/langfuse/?a=1#b` });
    await expect(port.probe(testContext())).rejects.toMatchObject({ errorClass: "bad_response" });
    expect(fake().requests).toEqual(["GET /langfuse/api/public/projects"]);
  });

  it.each(["", "langfuse", "ftp://127.0.0.1/"])("does not take %j as its base URL", (baseUrl) => {
    const clock = createManualClock();
    expect(() => createLangfuseTracing({ ...keys, baseUrl, clock })).toThrow(RangeError);
  });

  it("says how to install the package when it is not there", async () => {
    const clock = createManualClock();
    const port = create(clock, {
      load: () => Promise.reject(Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" })),
    });
    await traceTurn(port, "turn-1");
    await clock.advance(2_000);
    const missing = { errorClass: "missing", message: expect.stringContaining("npm install langfuse@3.39.2") };
    await expect(port.start(turnTrace(), testContext())).rejects.toMatchObject(missing);
    await expect(port.probe(testContext())).rejects.toMatchObject(missing);
    expect(fake().requests).toEqual([]);
  });

  describe("closing", () => {
    it("sends what waits", async () => {
      const port = create(createManualClock());
      await traceTurns(port, 60);
      await port.close();
      expect(traceIds(fake())).toEqual(turnIds(60));
      expect([port.waiting, port.dropped]).toEqual([0, 0]);
      await expect(port.probe(testContext())).rejects.toMatchObject({ errorClass: "aborted" });
    });

    it("gives up at its limit and counts what it could not send, and what ends later", async () => {
      fake().fault({ kind: "hang" });
      const clock = createManualClock();
      const onDrop = vi.fn();
      const port = create(clock, { onDrop });
      const late = await port.start(turnTrace("late"), testContext());
      await traceTurns(port, 3);
      let closed = false;
      const closing = port.close().then(() => {
        closed = true;
      });
      await vi.waitFor(() => expect(fake().requests).toHaveLength(1));
      await clock.advance(999);
      expect(closed).toBe(false);
      await clock.advance(1);
      await closing;
      late.end(outcome);
      expect([port.waiting, port.dropped]).toEqual([0, 4]);
      expect(onDrop.mock.calls).toEqual([[3, "closed"]]);
      expect(clock.pending).toBe(0);
    });

    it("does not try a server that is away more than once", async () => {
      fake().fault({ kind: "status", status: 503 });
      const port = create(createManualClock());
      await traceTurns(port, 200);
      await port.close();
      expect(fake().requests).toHaveLength(1);
      expect(port.dropped).toBe(200);
    });
  });
});
