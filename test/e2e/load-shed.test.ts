import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { loadLanguagePacks } from "../../src/graph/rules/language-pack.ts";
import { startFakeModel } from "../../src/rehearsal/fake-model.ts";
import { createRehearsedAnswer } from "../../src/rehearsal/fake-model-answers.ts";
import { freeze } from "../support/freeze.ts";
import { startNode } from "../support/run-cli.ts";

const STANDSTILL_MS = 5_000;
const patience = { timeout: 40_000, interval: 50 };
const question = "How long is the warranty?";
const completion = { model: "understudy", messages: [{ role: "user", content: question }] };

async function startModel() {
  const packs = loadLanguagePacks(new URL("../../resources/languages/", import.meta.url));
  const model = await startFakeModel({ answer: createRehearsedAnswer(packs) });
  onTestFinished(() => model.close());
  return model;
}

/** The server as `npm start` runs it, in a process that can be stopped where it stands. */
async function startServer(modelUrl: string) {
  const directory = mkdtempSync(join(tmpdir(), "understudy-"));
  const child = startNode("src/main.ts", [], {
    environment: {
      PORT: "0",
      DATA_DIR: ":memory:",
      LOG_LEVEL: "info",
      LLM_MODEL: "fake",
      LLM_BASE_URL: modelUrl,
      // This is not about limits, and a busy machine is slow.
      LLM_TIMEOUT_SECONDS: "300",
      LLM_FIRST_TOKEN_SECONDS: "300",
      LLM_IDLE_SECONDS: "300",
      REQUEST_TIMEOUT_SECONDS: "300",
    },
    cwd: directory,
  });
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await gone;
    rmSync(directory, { recursive: true });
  });
  let out = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
  }
  const url = await vi.waitFor(() => {
    const found = /"url":"(http:[^"]+)"/.exec(out)?.[1];
    if (found === undefined) throw new Error(`the server has not started: ${out}`);
    return found;
  }, patience);
  return { url, freeze: () => freeze(child.pid as number), thaw: () => void child.kill("SIGCONT") };
}

/** Each on a connection of its own: the server ends idle ones as soon as it wakes up. */
async function send(url: string, body?: object) {
  const response = await fetch(url, {
    headers: { connection: "close", "content-type": "application/json" },
    ...(body && { method: "POST", body: JSON.stringify(body) }),
  });
  const json = (await response.json()) as Readonly<Record<string, unknown>>;
  return { status: response.status, retryAfter: response.headers.get("retry-after"), json };
}

it("fault 63: the event loop is blocked for five seconds: turns that come then are shed, and no model is blamed", async () => {
  const model = await startModel();
  const server = await startServer(model.url);
  const chat = (body: object = { message: question }) => send(`${server.url}/api/v1/chat`, body);
  const isServed = () =>
    vi.waitFor(async () => {
      const { status, json } = await chat({ message: question, turn_id: "turn-1" });
      expect([status, json["served_by"], json["degradation"]]).toEqual([200, "primary", []]);
    }, patience);
  expect((await chat()).status).toBe(200);
  const asked = model.count("/v1/chat/completions");

  server.freeze();
  const since = performance.now();
  // They wait in the system until the server wakes up, so that they are the first that it reads.
  const turns = Promise.all([
    chat({ message: question, turn_id: "turn-1" }),
    send(`${server.url}/api/v1/chat/stream`, { message: question }),
    send(`${server.url}/v1/chat/completions`, completion),
  ]);
  const others = Promise.all([send(`${server.url}/livez`), send(`${server.url}/health`)]);
  await vi.waitFor(() => expect(performance.now() - since).toBeGreaterThan(STANDSTILL_MS), patience);
  server.thaw();

  const [whole, stream, openai] = await turns;
  expect(whole.json).toMatchObject({ code: "overloaded", retry_after: 1 });
  expect(stream.json).toMatchObject({ code: "overloaded", retry_after: 1 });
  expect(openai.json).toMatchObject({ error: { type: "server_error", code: "overloaded" } });
  for (const { status, retryAfter } of [whole, stream, openai]) expect([status, retryAfter]).toEqual([503, "1"]);
  const [livez, health] = await others;
  expect(livez.status).toBe(200);
  expect(health.json).toMatchObject({
    status: "ok",
    layers: { llm: { state: "ok", breaker: { state: "closed", failures: 0 } } },
  });
  expect(model.count("/v1/chat/completions")).toBe(asked);

  await isServed();
  expect((await send(`${server.url}/health`)).json).toMatchObject({
    layers: { llm: { state: "ok", breaker: { state: "closed", failures: 0 } } },
  });
}, 120_000);
