import { expect, it } from "vitest";
import { systemClock } from "../../../src/fallbacks/core/clock.ts";
import type { Connection } from "../../../src/fallbacks/llm/connection.ts";
import { createEndpoint } from "../../../src/fallbacks/llm/endpoint.ts";
import { openAiProvider } from "../../../src/fallbacks/llm/openai.ts";
import { createVendorClient } from "../../../src/fallbacks/llm/vendor-client.ts";
import { settle } from "../../support/manual-clock.ts";

it("is loaded when what its connection needs is loaded too, so that no check waits for that", async () => {
  let loaded = () => {};
  const connection: Connection = {
    load: () =>
      new Promise<void>((resolve) => {
        loaded = resolve;
      }),
    send: () => Promise.reject(new Error("nothing is to be sent")),
    close: async () => {},
  };
  const endpoint = createEndpoint({ name: "a", apiKey: "key" }, openAiProvider.endpoint);
  const client = createVendorClient({
    provider: openAiProvider,
    endpoint,
    connection,
    clock: systemClock,
    model: "good",
    maxOutputTokens: 100,
    contextWindow: 1_000,
  });
  // The packages are loaded, so only the connection is left.
  await Promise.all([openAiProvider.load(), import("@langchain/core/messages")]);
  let ready = false;
  const loading = client.load().then(() => {
    ready = true;
  });
  await settle();
  expect(ready).toBe(false);
  loaded();
  await loading;
  expect(ready).toBe(true);
});
