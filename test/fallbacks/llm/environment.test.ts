import { once } from "node:events";
import { createServer } from "node:http";
import { expect, it } from "vitest";
import { modelProviders } from "../../../src/fallbacks/llm/create-model.ts";
import { type FakeModel, startFakeModel } from "../../../src/rehearsal/fake-model.ts";
import { startNode } from "../../support/run-cli.ts";
import { createLocalServers } from "./local-servers.ts";

const servers = createLocalServers();

async function runChild(model: FakeModel, options: Parameters<typeof startNode>[2]) {
  const child = startNode("test/fallbacks/llm/environment-child.ts", [model.url], options);
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  await once(child, "close");
  return { said: JSON.parse(out) as readonly { readonly provider: string; readonly error?: string }[], err };
}

it("models are deaf to the environment: nobody else is asked, told or named, and nothing is printed", async () => {
  const model = await startFakeModel();
  let spied = 0;
  const spy = createServer((_, response) => {
    spied += 1;
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
  const elsewhere = `http://127.0.0.1:${await servers.start(spy)}`;
  const { said, err } = await runChild(model, {
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
      ANTHROPIC_API_KEY: "wrong-key",
      ANTHROPIC_AUTH_TOKEN: "wrong-key",
      ANTHROPIC_API_URL: elsewhere,
      ANTHROPIC_BASE_URL: elsewhere,
      ANTHROPIC_CUSTOM_HEADERS: "x-wrong: header",
      ANTHROPIC_LOG: "debug",
      GOOGLE_API_KEY: "wrong-key",
      GEMINI_API_KEY: "wrong-key",
      GROQ_API_KEY: "wrong-key",
      GROQ_BASE_URL: elsewhere,
      OLLAMA_API_KEY: "wrong-key",
      OLLAMA_BASE_URL: elsewhere,
      OLLAMA_HOST: elsewhere,
      LANGSMITH_TRACING: "true",
      LANGSMITH_TRACING_V2: "true",
      LANGCHAIN_TRACING_V2: "true",
      LANGSMITH_ENDPOINT: elsewhere,
      LANGSMITH_API_KEY: "wrong-key",
      LANGSMITH_GATEWAY: elsewhere,
      LANGCHAIN_VERBOSE: "true",
      LC_OUTPUT_VERSION: "v1",
      HTTP_PROXY: elsewhere,
      NODE_USE_ENV_PROXY: "1",
    },
  });
  await model.close();

  // Node 22 says of its own proxy agent that it is an experiment; it is not used.
  const ofNode = /^\(node:\d+\) \[UNDICI-EHPA\].*\n(?:\(Use `node.*\n)?/gm;
  expect(err.replace(ofNode, "")).toBe("");
  expect(said).toEqual(modelProviders.map((provider) => ({ provider, value: { echo: "hello" }, text: "hello" })));
  expect(spied).toBe(0);
  const usual = new Set(["accept", "connection", "content-length", "content-type", "host", "user-agent"]);
  const ours = new Set(["authorization", "x-api-key", "anthropic-version", "x-goog-api-key"]);
  const names = new Set(model.requests.flatMap(({ headers }) => Object.keys(headers)));
  expect([...names].filter((name) => !usual.has(name) && !ours.has(name))).toEqual([]);
  expect(JSON.stringify(model.requests)).not.toContain("wrong");
  expect(JSON.stringify(model.requests)).not.toContain("langchain");
  const keys = model.requests.map(({ headers }) => JSON.stringify(headers).includes("the-right-key"));
  // Five providers: three requests with the key, then those without one.
  expect(keys.filter(Boolean)).toHaveLength(15);
  expect(
    model.requests.flatMap(({ headers }) => headers["x-api-key"] ?? []).every((key) => key === "the-right-key"),
  ).toBe(true);
});

it("models whose package is not installed are missing, each on its own", async () => {
  const model = await startFakeModel();
  const hide = ["@langchain/anthropic", "@langchain/google-genai", "@langchain/groq", "@langchain/ollama"];
  const { said, err } = await runChild(model, { hide });
  await model.close();
  expect(err).toBe("");
  expect(said[0]).toEqual({ provider: "openai", value: { echo: "hello" }, text: "hello" });
  expect(said.slice(1).map(({ error }) => error)).toEqual([
    'LayerError: the package "@langchain/anthropic" is not installed: npm install @langchain/anthropic@1.5.11',
    'LayerError: the package "@langchain/google-genai" is not installed: npm install @langchain/google-genai@2.3.2',
    'LayerError: the package "@langchain/groq" is not installed: npm install @langchain/groq@1.3.1',
    'LayerError: the package "@langchain/ollama" is not installed: npm install @langchain/ollama@1.3.0',
  ]);
});
