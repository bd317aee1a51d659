import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { startFakeModel } from "../../../src/rehearsal/fake-model.ts";
import { startNode } from "../../support/run-cli.ts";

it("is deaf to the environment: nobody else is asked, told or named, and nothing is printed", async () => {
  const model = await startFakeModel();
  let spied = 0;
  const spy = createServer((_, response) => {
    spied += 1;
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
  await new Promise<void>((resolve) => spy.listen(0, "127.0.0.1", resolve));
  const elsewhere = `http://127.0.0.1:${(spy.address() as AddressInfo).port}`;
  const child = startNode("test/fallbacks/llm/openai-environment-child.ts", [model.url], {
    environment: {
      OPENAI_API_KEY: "wrong-key",
      OPENAI_ADMIN_KEY: "wrong-key",
      OPENAI_BASE_URL: elsewhere,
      OPENAI_API_BASE: elsewhere,
      // No header can hold these, so that reading them would be noticed although they are not sent.
      OPENAI_ORG_ID: "wrong\norganisation",
      OPENAI_ORGANIZATION: "wrong\norganisation",
      OPENAI_PROJECT_ID: "wrong\nproject",
      OPENAI_CUSTOM_HEADERS: "x-wrong: header",
      OPENAI_LOG: "debug",
      LANGSMITH_TRACING: "true",
      LANGSMITH_TRACING_V2: "true",
      LANGCHAIN_TRACING_V2: "true",
      LANGSMITH_ENDPOINT: elsewhere,
      LANGSMITH_API_KEY: "wrong-key",
      LANGSMITH_GATEWAY: elsewhere,
      LANGCHAIN_VERBOSE: "true",
      LC_OUTPUT_VERSION: "v1",
      HTTP_PROXY: elsewhere,
    },
  });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  await once(child, "close");
  spy.close();
  await model.close();

  expect(err).toBe("");
  expect(JSON.parse(out)).toEqual({ value: { echo: "hello" }, text: "hello" });
  expect(spied).toBe(0);
  const usual = [
    "accept",
    "accept-encoding",
    "accept-language",
    "connection",
    "content-length",
    "content-type",
    "host",
  ];
  const ours = ["authorization", "sec-fetch-mode", "user-agent"];
  const names = new Set(model.requests.flatMap(({ headers }) => Object.keys(headers)));
  expect([...names].filter((name) => ![...usual, ...ours].includes(name))).toEqual([]);
  expect(JSON.stringify(model.requests)).not.toContain("wrong");
  expect(model.requests.map(({ headers }) => headers.authorization)).toEqual([
    ...Array.from({ length: 3 }, () => "Bearer the-right-key"),
    undefined,
  ]);
  expect(JSON.stringify(model.requests)).not.toContain("langchain");
});
