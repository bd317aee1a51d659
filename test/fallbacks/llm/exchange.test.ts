import { createServer } from "node:http";
import { describe, expect, it, vi } from "vitest";
import { createConnection } from "../../../src/fallbacks/llm/connection.ts";
import { createEndpoint } from "../../../src/fallbacks/llm/endpoint.ts";
import { createExchange } from "../../../src/fallbacks/llm/exchange.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createLocalServers } from "./local-servers.ts";
import { errorOf } from "./model-tasks.ts";

const servers = createLocalServers();

async function exchangeWith(answer: (path: string) => { readonly status: number; readonly body?: string }) {
  const asked = vi.fn<(path: string) => void>();
  const port = await servers.start(
    createServer(({ url = "" }, response) => {
      asked(url);
      const { status, body = "" } = answer(url);
      response.writeHead(status, { location: "/elsewhere" }).end(body);
    }),
  );
  const clock = createManualClock();
  const baseUrl = `http://127.0.0.1:${port}/v1`;
  const endpoint = createEndpoint({ name: "primary", baseUrl }, { baseUrl });
  const connection = createConnection({ clock });
  const exchange = createExchange({
    endpoint,
    connection,
    headers: {},
    form: "json",
    signal: new AbortController().signal,
    clock,
  });
  return { exchange, asked, baseUrl };
}

describe("an exchange with an endpoint", () => {
  it.each(["https://api.smith.langchain.com/runs", "http://127.0.0.1:1/v1/chat", "http://127.0.0.1/v1.evil/"])(
    "sends nothing to anybody else: %s",
    async (url) => {
      const { exchange, asked } = await exchangeWith(() => ({ status: 200, body: "{}" }));
      const error = await errorOf(exchange.fetch(url, { method: "POST", body: "{}" }));
      expect(error.errorClass).toBe("bad_response");
      expect(error.message).toBe("primary: a request to somebody else was held back");
      expect(asked).not.toHaveBeenCalled();
    },
  );

  it.each([301, 302, 303, 307, 308])("follows no redirect: %s", async (status) => {
    const { exchange, asked, baseUrl } = await exchangeWith(() => ({ status }));
    const error = await errorOf(exchange.fetch(`${baseUrl}/chat`, { method: "POST", body: "{}" }));
    expect(error.errorClass).toBe("bad_response");
    expect(exchange.failure).toBe(error);
    expect(exchange.status).toBe(status);
    expect(asked.mock.calls).toEqual([["/v1/chat"]]);
  });

  it("gives an answer as it came", async () => {
    const { exchange, baseUrl } = await exchangeWith(() => ({ status: 200, body: '{"text":"你好"}' }));
    const answer = await exchange.fetch(`${baseUrl}/chat`, { method: "POST", body: "{}" });
    expect(await answer.json()).toEqual({ text: "你好" });
    expect(exchange.failure).toBeUndefined();
  });

  it("reads no more of a refusal than says what it says", async () => {
    const { exchange, baseUrl } = await exchangeWith(() => ({ status: 500, body: "x".repeat(4_000_000) }));
    const error = await errorOf(exchange.fetch(`${baseUrl}/chat`, { method: "POST", body: "{}" }));
    expect(error.errorClass).toBe("server");
    expect(error.message.length).toBeLessThan(300);
  });
});
