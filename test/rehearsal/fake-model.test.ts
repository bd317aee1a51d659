import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type FakeModel, startFakeModel } from "../../src/rehearsal/fake-model.ts";
import { createManualClock, type ManualClock } from "../support/manual-clock.ts";

let server: FakeModel;
let clock: ManualClock;
beforeEach(async () => {
  clock = createManualClock();
  server = await startFakeModel({ clock });
});
afterEach(() => server.close());

function ask(model = "good", more: object = {}, signal?: AbortSignal): Promise<Response> {
  const body = JSON.stringify({ model, messages: [{ role: "user", content: "hello there" }], ...more });
  return fetch(`${server.url}/chat/completions`, { method: "POST", body, ...(signal && { signal }) });
}

interface Chunk {
  readonly choices: readonly { readonly delta: { readonly content?: string }; readonly finish_reason: string | null }[];
  readonly usage?: { readonly total_tokens: number };
}

describe("the fake model", () => {
  it("speaks the protocol: whole, streamed, and as a list of models", async () => {
    expect(await (await ask()).json()).toMatchObject({
      object: "chat.completion",
      choices: [{ message: { role: "assistant", content: "hello there" }, finish_reason: "stop" }],
      usage: { total_tokens: expect.any(Number) as number },
    });
    const response = await ask("good", { stream: true, stream_options: { include_usage: true } });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const events = (await response.text()).split("\n\n").filter(Boolean);
    expect(events.pop()).toBe("data: [DONE]");
    const chunks = events.map((event) => JSON.parse(event.replace("data: ", "")) as Chunk);
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe("hello there");
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("stop");
    expect(chunks.at(-1)?.usage?.total_tokens).toBeGreaterThan(0);
    expect(await (await fetch(`${server.url}/models`)).json()).toMatchObject({
      object: "list",
      data: [{ id: "fake" }],
    });
  });

  it("answers JSON where JSON is wanted, and what its hook says", async () => {
    const json = (await (await ask("good", { response_format: { type: "json_object" } })).json()) as {
      choices: [{ message: { content: string } }];
    };
    expect(JSON.parse(json.choices[0].message.content)).toEqual({ echo: "hello there" });
    const asked = vi.fn<(question: unknown) => string>(() => "hooked");
    const hooked = await startFakeModel({ answer: asked });
    const messages = [
      { role: "system", content: "be kind" },
      { role: "user", content: "hi" },
    ];
    await fetch(`${hooked.url}/chat/completions`, { method: "POST", body: JSON.stringify({ model: "m", messages }) });
    expect(asked).toHaveBeenCalledWith({
      model: "m",
      system: "be kind",
      messages: [{ role: "user", content: "hi" }],
      json: false,
    });
    await hooked.close();
  });

  it("logs every request, and counts them by path", async () => {
    await ask();
    await fetch(`${server.url}/models`);
    expect(server.requests).toMatchObject([
      { method: "POST", path: "/v1/chat/completions", body: { model: "good" }, at: 0 },
      { method: "GET", path: "/v1/models", body: null },
    ]);
    expect(server.count("/v1/models")).toBe(1);
    expect(server.count("/v1/chat/completions")).toBe(1);
  });

  it("begins and ends an outage of every path on demand", async () => {
    server.fault("503");
    expect((await ask()).status).toBe(503);
    expect((await fetch(`${server.url}/models`)).status).toBe(503);
    server.fault("quota");
    expect((await ask()).status).toBe(429);
    expect((await fetch(`${server.url}/models`)).status).toBe(200);
    server.fault(undefined);
    expect((await ask()).status).toBe(200);
  });

  it.each([
    ["429-retry-after-2", "2"],
    ["503-retry-after--5", "-5"],
    ["429-retry-after-date-60", "Thu, 15 Jan 2026 10:01:00 GMT"],
  ])("fault 13, 14: %s says %s", async (fault, header) => {
    const response = await ask(`fault-${fault}`);
    expect(response.status).toBe(Number(fault.slice(0, 3)));
    expect(response.headers.get("retry-after")).toBe(header);
  });

  it("fault 3: is as slow as it is told to be", async () => {
    const answer = ask("fault-slow-300");
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    await clock.advance(299);
    expect(server.open).toBe(1);
    await clock.advance(1);
    expect((await answer).status).toBe(200);
  });

  it("drips its pieces, and stops for a reader who has gone", async () => {
    const reader = new AbortController();
    const response = await ask("fault-drip-100", { stream: true }, reader.signal);
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    reader.abort();
    await expect(response.text()).rejects.toThrow();
    await vi.waitFor(() => expect(server.open).toBe(0));
    expect(clock.pending).toBe(0);
  });

  it("says so when a fault does not exist", async () => {
    expect(() => server.fault("nonsense")).toThrow(RangeError);
    expect(() => server.fault("constructor")).toThrow(RangeError);
    const response = await ask("fault-nonsense");
    expect(response.status).toBe(500);
    expect(await response.text()).toContain("nonsense");
  });

  it("answers 404 to what it does not know", async () => {
    expect((await fetch(`${server.url}/embeddings`, { method: "POST", body: "{}" })).status).toBe(404);
    expect((await fetch(`${server.url}/chat/completions`, { method: "POST", body: "no json" })).status).toBe(404);
  });

  it("can be closed twice, also with a request that hangs", async () => {
    const hung = ask("fault-hang").catch((error: unknown) => error);
    await vi.waitFor(() => expect(server.open).toBe(1));
    await server.close();
    await server.close();
    expect(await hung).toBeInstanceOf(Error);
  });
});
