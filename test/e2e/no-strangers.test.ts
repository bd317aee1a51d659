import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { runCli } from "../support/run-cli.ts";

it("a LangSmith that somebody set up for another program hears nothing of our conversations", async () => {
  let heard = 0;
  const spy = createServer((_, response) => {
    heard += 1;
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  }).listen(0, "127.0.0.1");
  await once(spy, "listening");
  const endpoint = `http://127.0.0.1:${(spy.address() as AddressInfo).port}`;
  const { code, err } = await runCli(["ask", "How long is the warranty?"], {
    environment: {
      DATA_DIR: ":memory:",
      PORT: "0",
      LANGSMITH_TRACING: "true",
      LANGSMITH_TRACING_V2: "true",
      LANGCHAIN_TRACING_V2: "true",
      LANGSMITH_API_KEY: "somebody-elses-key",
      LANGSMITH_ENDPOINT: endpoint,
      LANGCHAIN_ENDPOINT: endpoint,
    },
  });
  spy.close();
  expect({ code, err, heard }).toEqual({ code: 0, err: "", heard: 0 });
});
