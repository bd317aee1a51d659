import { describe, expect, it, onTestFinished, vi } from "vitest";
import { readStream, type StreamReader } from "../server/stream-reader.ts";
import { postJson } from "../server/test-server.ts";
import { createManualClock } from "../support/manual-clock.ts";
import { testApp } from "../support/test-app.ts";
import { startSplitModel } from "./split-model.ts";

const QUESTION = "How long do I have to return something?";
const MODEL_LIMIT_S = 2;
const patience = { timeout: 20_000, interval: 10 };

/** A server with two models, and a client of its streams. Time stands still unless the test moves it. */
async function rig(environment: Record<string, string> = {}) {
  const clock = createManualClock();
  const [primary, secondary] = await Promise.all([startSplitModel(), startSplitModel()]);
  const app = await testApp(
    { clock },
    {
      GRAPH_ENGINE: "sequential",
      LLM_PRIORITY_ORDER: "primary,secondary",
      PRIMARY_LLM_MODEL: "a",
      PRIMARY_LLM_BASE_URL: primary.url,
      PRIMARY_LLM_TIMEOUT_SECONDS: String(MODEL_LIMIT_S),
      SECONDARY_LLM_MODEL: "b",
      SECONDARY_LLM_BASE_URL: secondary.url,
      LLM_FALLBACK: "none",
      ...environment,
    },
  );
  const url = await app.listen();
  onTestFinished(async () => void (await app.close()));
  return {
    app,
    url,
    clock,
    primary,
    secondary,
    read: (body: object = { message: QUESTION }, headers: Record<string, string> = {}) =>
      readStream(url, body, headers),
    /** Lets the model's silence become too long for the server. */
    pastTheLimit: () => clock.advance(MODEL_LIMIT_S * 1_000 + 1),
  };
}

const namesOf = ({ events }: StreamReader) => events.map(({ event }) => event);
const writersOf = ({ events }: StreamReader) =>
  events.filter(({ event }) => event === "token").map(({ data }) => String(data["by"]));

/** What holds for every stream: one `meta` first, one end last, each id once. */
function expectWhole(reader: StreamReader, end: "done" | "error"): void {
  const names = namesOf(reader);
  expect([names[0], names.at(-1)]).toEqual(["meta", end]);
  expect(names.filter((name) => name === "meta")).toHaveLength(1);
  expect(names.filter((name) => name === "done" || name === "error")).toHaveLength(1);
  expect(new Set(reader.events.map(({ id }) => id)).size).toBe(names.length);
}

describe("a stream whose model fails", () => {
  it.each([
    ["fault 4: stalls after the first token", "stall-2"],
    ["fault 5: is reset in mid-stream", "reset-2"],
    ["fault 6: ends cleanly without a terminator", "no-terminator"],
    ["fault 6: ends cleanly in the middle", "cut-2"],
    ["fault 7: has an error inside a 200 stream", "error-in-stream"],
  ])("%s: the next one starts over, and says so", async (_name, fault) => {
    const server = await rig();
    server.primary.writer.fault(fault);
    const reader = await server.read();
    if (fault.startsWith("stall")) {
      await reader.has(3);
      await server.pastTheLimit();
    }
    await reader.over;
    expectWhole(reader, "done");
    const names = namesOf(reader);
    expect(names.filter((name) => name === "restart")).toHaveLength(1);
    const restart = names.indexOf("restart");
    const before = reader.events.slice(1, restart);
    expect(before.length).toBeGreaterThan(0);
    expect(before.every(({ event, data }) => event === "token" && data["by"] === "primary")).toBe(true);
    expect(reader.events[restart]?.data).toEqual({ by: "secondary" });
    const after = reader.events.slice(restart + 1, -1);
    expect(after.every(({ event, data }) => event === "token" && data["by"] === "secondary")).toBe(true);
    const done = reader.events.at(-1)?.data;
    expect(reader.shown).toBe(done?.["reply"]);
    expect(done).toMatchObject({ served_by: "secondary", degradation: [{ layer: "llm", by: "secondary" }] });
    expect(server.app.statuses().find(({ layer }) => layer === "llm")).toMatchObject({
      state: "degraded",
      by: "secondary",
    });
  });

  it.each([
    ["is reset", "reset"],
    ["answers 500", "500"],
    ["ends without a word", "cut-0"],
  ])("fault 8: %s before the first chunk: the next one answers, and only the receipt says so", async (_name, fault) => {
    const server = await rig();
    server.primary.writer.fault(fault);
    const reader = await server.read();
    await reader.over;
    expectWhole(reader, "done");
    expect(namesOf(reader)).not.toContain("restart");
    expect(new Set(writersOf(reader))).toEqual(new Set(["secondary"]));
    expect(reader.events.at(-1)?.data).toMatchObject({
      served_by: "secondary",
      degradation: [{ layer: "llm", by: "secondary" }],
    });
  });

  it("fault 4: keeps the part that there is when no other model can go on", async () => {
    const server = await rig({ REQUEST_TIMEOUT_SECONDS: "300" });
    server.primary.writer.fault("reset-2");
    server.secondary.writer.fault("500");
    const reader = await server.read();
    // A little at a time, for the wait before a model is asked once more: the deadline must stay far.
    await vi.waitFor(async () => {
      await server.clock.advance(50);
      expect(namesOf(reader).at(-1)).toBe("error");
    }, patience);
    await reader.over;
    expectWhole(reader, "error");
    expect(namesOf(reader)).not.toContain("restart");
    expect(reader.shown).not.toBe("");
    expect(reader.events.at(-1)?.data).toMatchObject({ status: 503, code: "model_unavailable" });
  });
});

describe("who wrote an answer", () => {
  it("is said by each token and by done in a stream, as the header says it elsewhere", async () => {
    const server = await rig();
    const reader = await server.read();
    await reader.over;
    expectWhole(reader, "done");
    expect(new Set(writersOf(reader))).toEqual(new Set(["primary"]));
    expect(reader.events.at(-1)?.data).toMatchObject({ served_by: "primary", degradation: [] });
    expect(reader.headers.get("x-served-by")).toBeNull();
    const whole = await postJson(`${server.url}/api/v1/chat`, { message: QUESTION });
    expect([whole.status, whole.headers.get("x-served-by")]).toEqual([200, "primary"]);
  });
});

describe("fault 60: a client that accepts compression", () => {
  it("has each event at once, while the model is still silent, and nothing on the way may hold it", async () => {
    const server = await rig();
    server.primary.writer.fault("stall-3");
    const reader = await server.read({ message: QUESTION }, { "accept-encoding": "gzip, br" });
    await reader.has(4);
    expect(namesOf(reader)).toEqual(["meta", "token", "token", "token"]);
    expect(server.primary.writer.open).toBe(1);
    expect(reader.headers.get("content-encoding")).toBeNull();
    expect(reader.headers.get("cache-control")).toContain("no-transform");
    expect(reader.headers.get("x-accel-buffering")).toBe("no");
  });
});

describe("fault 61: a message that is posted twice", () => {
  it("is one turn, in whichever way the two ask for it", async () => {
    const server = await rig();
    const body = { message: QUESTION, turn_id: "click-1" };
    const [stream, first, second] = await Promise.all([
      server.read(body),
      postJson(`${server.url}/api/v1/chat`, body),
      postJson(`${server.url}/api/v1/chat`, body),
    ]);
    await stream.over;
    const answers = await Promise.all(
      [first, second].map((response) => response.json() as Promise<{ session_id: string }>),
    );
    expect(answers[1]).toEqual(answers[0]);
    expect(stream.events.at(-1)?.data).toEqual(answers[0]);
    const history = await fetch(`${server.url}/api/v1/sessions/${answers[0]?.session_id}`);
    expect(await history.json()).toMatchObject({ turns: 1, items: [{ turn_id: "click-1", status: "done" }] });
    const asked = server.primary.asked;
    const alone = await rig();
    await postJson(`${alone.url}/api/v1/chat`, body);
    expect(asked).toBe(alone.primary.asked);
  });
});
