import { describe, expect, it } from "vitest";
import { turnEvents } from "../../../src/fallbacks/tracing/langfuse-events.ts";
import { outcome, startedAt, turnTrace } from "../../contracts/tracing.ts";

const at = (ms: number) => new Date(startedAt.getTime() + ms);

describe("turnEvents", () => {
  it("makes a trace, a span for each node and a generation for each attempt, each under its node", () => {
    const events = turnEvents(turnTrace(), outcome);
    expect(events.map(({ type, body }) => [type, body.name])).toEqual([
      ["trace-create", "turn"],
      ["span-create", "recognise"],
      ["span-create", "compose"],
      ["generation-create", "chat first"],
      ["generation-create", "chat second"],
    ]);
    const [trace, , compose, failed, served] = events;
    expect(trace?.body).toEqual({
      id: "turn",
      timestamp: "2026-01-15T10:00:00.000Z",
      name: "turn",
      userId: "ann",
      sessionId: "session",
      input: "Where is order 7?",
      output: "It is on its way.",
      tags: ["order_status", "degraded:llm"],
      metadata: {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.conversation.id": "session",
        request_id: "request",
        status: "done",
        intents: ["order_status"],
        served_by: "second",
        duration_ms: 900,
        degradation: [{ layer: "llm", by: "second", mode: "lower", reason: "error" }],
        grounding: { checked: 3, dropped: 0, doubted: 1 },
      },
    });
    expect(failed?.body).toMatchObject({
      traceId: "turn",
      parentObservationId: compose?.body.id,
      model: "first",
      level: "ERROR",
      statusMessage: "server",
      metadata: { "error.type": "server" },
    });
    expect(failed?.body).not.toHaveProperty("usageDetails");
    expect(served?.body).toMatchObject({
      parentObservationId: compose?.body.id,
      model: "second",
      startTime: at(400).toISOString(),
      endTime: at(880).toISOString(),
      usageDetails: { input: 120, output: 30 },
      metadata: { "gen_ai.usage.input_tokens": 120, "gen_ai.usage.output_tokens": 30 },
    });
    expect(served?.body).not.toHaveProperty("level");
  });

  it("gives the same turn the same ids, and a turn that is asked again ids of its own in the same trace", () => {
    const ids = (events: ReturnType<typeof turnEvents>) => events.map(({ id }) => id);
    const first = turnEvents(turnTrace(), outcome);
    const again = turnEvents({ ...turnTrace(), startedAt: at(5_000) }, outcome);
    expect(ids(turnEvents(turnTrace(), outcome))).toEqual(ids(first));
    expect(new Set([...ids(first), ...ids(again)]).size).toBe(first.length + again.length);
    expect(again[0]?.body.id).toBe(first[0]?.body.id);
  });

  it("says nothing of content that is not traced, and tags a failed turn", () => {
    const failed = { ...outcome, status: "failed", reply: null, nodes: [], attempts: [] } as const;
    const [trace, ...others] = turnEvents({ ...turnTrace(), message: null }, failed);
    expect(trace?.body).not.toHaveProperty("input");
    expect(trace?.body).not.toHaveProperty("output");
    expect(trace?.body).toMatchObject({ tags: ["failed", "order_status", "degraded:llm"] });
    expect(others).toEqual([]);
  });

  it("puts an attempt under the run of its node during which it began, under the trace when its node is not known", () => {
    const node = (from: number, to: number) => ({ name: "act", startedAt: at(from), endedAt: at(to), error: null });
    const attempt = (name: string | null, from: number) => ({
      by: "first",
      node: name,
      startedAt: at(from),
      endedAt: at(from + 1),
      errorClass: null,
      usage: null,
    });
    const [, first, second, ...attempts] = turnEvents(turnTrace(), {
      ...outcome,
      nodes: [node(0, 10), node(20, 30)],
      attempts: [attempt("act", 5), attempt("act", 25), attempt("act", 99), attempt(null, 5), attempt("plan", 5)],
    });
    const parents = attempts.map(({ body }) => ("parentObservationId" in body ? body.parentObservationId : undefined));
    expect(parents).toEqual([first?.body.id, second?.body.id, second?.body.id, undefined, undefined]);
  });

  it("marks the span of a node that failed", () => {
    const nodes = [{ name: "plan", startedAt: at(0), endedAt: at(1), error: "timeout" }];
    const [, span] = turnEvents(turnTrace(), { ...outcome, nodes, attempts: [] });
    expect(span?.body).toMatchObject({
      level: "ERROR",
      statusMessage: "timeout",
      metadata: { "error.type": "timeout" },
    });
  });
});
