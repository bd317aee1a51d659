import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type FakeModel, startFakeModel } from "../../src/rehearsal/fake-model.ts";
import { faultNames } from "../../src/rehearsal/fake-model-faults.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";

let server: FakeModel;
let clock: ManualClock;
beforeEach(async () => {
  clock = createManualClock();
  server = await startFakeModel({ clock, control: true });
});
afterEach(() => server.close());

const messages = [{ role: "user", content: "hello there" }];

/** The same question in every protocol. */
const ways = {
  openai: (model: string) => ["/v1/chat/completions", { model, messages, stream: true }],
  groq: (model: string) => ["/openai/v1/chat/completions", { model, messages, stream: true }],
  anthropic: (model: string) => ["/v1/messages", { model, messages, stream: true, max_tokens: 9 }],
  google: (model: string) => [
    `/v1beta/models/${encodeURIComponent(model)}:streamGenerateContent?alt=sse`,
    { contents: [{ role: "user", parts: [{ text: "hello there" }] }] },
  ],
  ollama: (model: string) => ["/api/chat", { model, messages }],
} as const satisfies Readonly<Record<string, (model: string) => readonly [string, object]>>;
type Way = keyof typeof ways;

function ask(model: string, way: Way = "openai", signal?: AbortSignal): Promise<Response> {
  const [path, body] = ways[way](model);
  return fetch(`${server.origin}${path}`, { method: "POST", body: JSON.stringify(body), ...(signal && { signal }) });
}

describe("a fault in the words of each provider", () => {
  it.each<[string, Way, number, unknown]>([
    ["529", "anthropic", 529, { type: "error", error: { type: "overloaded_error", message: "Overloaded" } }],
    ["bad-key", "anthropic", 401, { error: { type: "authentication_error", message: "invalid x-api-key" } }],
    ["429", "anthropic", 429, { type: "error", error: { type: "rate_limit_error" } }],
    ["404", "anthropic", 404, { error: { type: "not_found_error" } }],
    ["413", "anthropic", 413, { error: { type: "request_too_large" } }],
    ["quota", "anthropic", 400, { error: { type: "invalid_request_error" } }],
    ["quota-402", "anthropic", 402, { error: { type: "billing_error" } }],
    ["context", "anthropic", 400, { error: { type: "invalid_request_error" } }],
    ["bad-key", "google", 400, { error: { status: "INVALID_ARGUMENT", details: [{ reason: "API_KEY_INVALID" }] } }],
    ["503", "google", 503, { error: { code: 503, status: "UNAVAILABLE" } }],
    ["429", "google", 429, { error: { code: 429, status: "RESOURCE_EXHAUSTED" } }],
    ["429-hint-39", "google", 429, { error: { details: [{ retryDelay: "39s" }] } }],
    ["quota", "google", 429, { error: { details: [{ violations: [{}] }] } }],
    ["quota-403", "google", 403, { error: { status: "PERMISSION_DENIED", details: [{ reason: "BILLING_DISABLED" }] } }],
    ["404", "ollama", 404, { error: "model 'fake' not found" }],
    ["500", "ollama", 500, { error: "The fake model answers 500." }],
    ["429-hint-1.2", "ollama", 429, { error: "The fake model answers 429. Please try again in 1.2s." }],
    ["429-hint-390", "groq", 429, { error: { message: "The fake model answers 429. Please try again in 6m30s." } }],
    ["429-hint-0.12", "openai", 429, { error: { message: "The fake model answers 429. Please try again in 120ms." } }],
    ["bad-key", "openai", 401, { error: { code: "invalid_api_key" } }],
  ])("%s of %s is HTTP %i", async (fault, way, status, body) => {
    const response = await ask(`fault-${fault}`, way);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject(body as object);
  });

  it.each<[string, Way, Readonly<Record<string, string | null>>]>([
    ["429-retry-after-1.5", "openai", { "retry-after": "1.5" }],
    ["503-retry-after--5", "anthropic", { "retry-after": "-5" }],
    ["429-retry-after-ms-1500", "openai", { "retry-after-ms": "1500", "retry-after": null }],
    ["429-retry-after-date-60", "google", { "retry-after": "Thu, 15 Jan 2026 10:01:00 GMT" }],
    [
      "429-retry-after-skewed-date-60",
      "openai",
      { date: "Thu, 15 Jan 2026 11:00:00 GMT", "retry-after": "Thu, 15 Jan 2026 11:01:00 GMT" },
    ],
    ["429-ratelimit-reset-30", "openai", { "ratelimit-reset": "30", "ratelimit-remaining": "0" }],
    ["429-reset-390", "openai", { "x-ratelimit-reset-requests": "6m30s" }],
    ["429-reset-0.12", "groq", { "x-ratelimit-reset-requests": "120ms" }],
    ["429-reset-60", "anthropic", { "anthropic-ratelimit-requests-reset": "2026-01-15T10:01:00Z" }],
    ["429-reset-60", "ollama", { "ratelimit-reset": "60" }],
    ["429", "openai", { "retry-after": null, date: "Thu, 15 Jan 2026 10:00:00 GMT" }],
  ])("fault 13, 14: %s of %s says when to come again", async (fault, way, headers) => {
    const response = await ask(`fault-${fault}`, way);
    expect(Object.fromEntries(Object.keys(headers).map((name) => [name, response.headers.get(name)]))).toEqual(headers);
  });

  it.each<[Way, string]>([
    ["openai", '{"error":{"message":"The fake model has failed."'],
    ["groq", '{"error":{"message":"The fake model has failed."'],
    ["anthropic", 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error"'],
    ["google", 'data: {"error":{"code":503'],
    ["ollama", '{"error":"an error was encountered'],
  ])("fault 7: an error inside a stream of %s that has begun with 200", async (way, error) => {
    const response = await ask("fault-error-in-stream", way);
    expect(response.status).toBe(200);
    const wire = await response.text();
    expect(wire).toContain("hello ");
    expect(wire).toContain(error);
    expect(wire).not.toContain("there");
  });

  it.each<[Way, string]>([
    ["openai", "[DONE]"],
    ["groq", "[DONE]"],
    ["anthropic", "message_stop"],
    ["google", '"finishReason":"STOP"'],
    ["ollama", '"done":true'],
  ])("fault 6: a stream of %s ends with %s, unless it is cut or has no terminator", async (way, terminator) => {
    expect(await (await ask("good", way)).text()).toContain(terminator);
    for (const fault of ["no-terminator", "cut-1"]) {
      const wire = await (await ask(`fault-${fault}`, way)).text();
      expect(wire).toContain("hello ");
      expect(wire).not.toContain(terminator);
    }
  });

  it.each(Object.keys(ways) as Way[])(
    "fault 2, 4: %s gives a role, or signs of life, and then no content",
    async (way) => {
      for (const [fault, sign] of [
        ["role-then-hang", /role|^$/],
        ["comments-then-hang", /: still working|ping|"content":""/],
      ] as const) {
        const reader = new AbortController();
        const response = await ask(`fault-${fault}`, way, reader.signal);
        expect(response.status).toBe(200);
        let wire = "";
        const reading = (async () => {
          for await (const chunk of response.body ?? []) wire += Buffer.from(chunk as Uint8Array).toString();
        })().catch((error: unknown) => error);
        if (fault === "comments-then-hang") {
          for (let beats = 1; beats <= 3; beats += 1) {
            await vi.waitFor(() => expect(wire.match(new RegExp(sign, "g"))?.length).toBeGreaterThanOrEqual(beats));
            await clock.advance(1_000);
          }
        }
        expect(wire).toMatch(sign);
        expect(wire).not.toContain("hello");
        expect(server.open).toBe(1);
        reader.abort();
        await reading;
        await vi.waitFor(() => expect(server.open).toBe(0));
      }
      expect(clock.pending).toBe(0);
    },
  );
});

describe("a script", () => {
  const statuses = async (model: string, count: number, way: Way = "openai") => {
    const seen: number[] = [];
    for (let asked = 0; asked < count; asked += 1) seen.push((await ask(model, way)).status);
    return seen;
  };

  it("plays one step after the other, counted for each model, and stays with the last", async () => {
    expect(await statuses("script-500,429-retry-after-2,ok", 4)).toEqual([500, 429, 200, 200]);
    expect(await statuses("script-ok,503", 3, "google")).toEqual([200, 503, 503]);
    expect(await statuses("script-500,429-retry-after-2,ok", 1)).toEqual([200]);
  });

  it("can be what every request meets, and begins anew when it is set again; a list of models is no turn", async () => {
    server.fault("script-500,ok");
    expect((await fetch(`${server.url}/models`)).status).toBe(500);
    expect(await statuses("good", 2)).toEqual([500, 200]);
    expect((await fetch(`${server.url}/models`)).status).toBe(200);
    server.fault("script-500,ok");
    expect(await statuses("good", 2)).toEqual([500, 200]);
  });

  it("is refused as a whole when one of its steps is no fault", () => {
    expect(() => server.fault("script-ok,nonsense")).toThrow(/"nonsense" is not a fault/);
    expect(() => server.fault("script-")).toThrow(RangeError);
    expect(() => server.fault("flap-0")).toThrow(RangeError);
  });

  it("fault 26: flaps by the clock, and begins well", async () => {
    await clock.advance(1_000);
    server.fault("flap-3000");
    expect((await ask("good")).status).toBe(200);
    await clock.advance(2_999);
    expect((await ask("good")).status).toBe(200);
    await clock.advance(1);
    expect((await ask("good")).status).toBe(503);
    expect((await fetch(`${server.url}/models`)).status).toBe(503);
    await clock.advance(3_000);
    expect((await ask("good")).status).toBe(200);
  });
});

describe("while it runs", () => {
  const control = (method: string, path: string, body?: unknown) =>
    fetch(`${server.origin}${path}`, { method, ...(body !== undefined && { body: JSON.stringify(body) }) });

  it("its fault can be changed and its requests counted, where that is wanted", async () => {
    expect(await (await control("POST", "/__fault", { name: "500" })).json()).toEqual({ fault: "500" });
    expect((await ask("good")).status).toBe(500);
    expect(await (await control("GET", "/__fault")).json()).toEqual({ fault: "500", faults: faultNames() });
    expect(await (await control("DELETE", "/__fault")).json()).toEqual({ fault: null });
    expect((await ask("good")).status).toBe(200);
    await vi.waitFor(async () =>
      expect(await (await control("GET", "/__requests")).json()).toEqual({
        open: 0,
        counts: { "/v1/chat/completions": 2 },
      }),
    );
    const plain = await startFakeModel();
    expect((await fetch(`${plain.origin}/__fault`, { method: "DELETE" })).status).toBe(404);
    await plain.close();
  });

  it.each([{ name: "nonsense" }, { name: 7 }, {}, []])("says what is wrong with the fault %j", async (body) => {
    const response = await control("POST", "/__fault", body);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: expect.stringMatching(/is not a fault|give \{"name"/) as string });
    expect(await (await control("GET", "/__fault")).json()).toMatchObject({ fault: null });
  });

  it("is as slow as it is told to be", async () => {
    const slow = await startFakeModel({ clock, latencyMs: 200 });
    const answer = fetch(`${slow.url}/models`);
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    await clock.advance(199);
    expect(slow.open).toBe(1);
    await clock.advance(1);
    expect((await answer).status).toBe(200);
    await slow.close();
  });
});

it("every fault of the list can be met", async () => {
  const numbered = faultNames().map((name) => name.replace("STATUS", "503").replace(/MS|PIECES|SECONDS/, "2"));
  for (const name of numbered) {
    const fault = name === "script-A,B,..." ? "script-ok,503" : name;
    expect(() => server.fault(fault)).not.toThrow();
  }
});
