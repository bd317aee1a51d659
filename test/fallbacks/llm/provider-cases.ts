import type { ChatModelOptions } from "../../../src/fallbacks/llm/chat-model.ts";
import { createModel, type ModelProvider, modelProviders } from "../../../src/fallbacks/llm/create-model.ts";
import { type FakeModel, startFakeModel } from "../../../src/rehearsal/fake-model.ts";

export const KEY = "sk-proj-Very0Secret-key";

/** How each provider is asked, as the fake model sees it. */
export const providerCases: readonly {
  readonly provider: ModelProvider;
  /** The path of a question to a model of that name. */
  readonly path: (model: string) => string;
  readonly list: string;
  /** What holds a model to JSON; undefined: the prompt alone. */
  readonly json: string | undefined;
  /** The header that carries the key, and the key in it. */
  readonly key: readonly [string, string];
}[] = [
  {
    provider: "openai",
    path: () => "/v1/chat/completions",
    list: "/v1/models",
    json: '"response_format":{"type":"json_object"}',
    key: ["authorization", `Bearer ${KEY}`],
  },
  { provider: "anthropic", path: () => "/v1/messages", list: "/v1/models", json: undefined, key: ["x-api-key", KEY] },
  {
    provider: "google",
    path: (model) => `/v1beta/models/${model}:streamGenerateContent`,
    list: "/v1beta/models",
    json: '"responseMimeType":"application/json"',
    key: ["x-goog-api-key", KEY],
  },
  {
    provider: "groq",
    path: () => "/openai/v1/chat/completions",
    list: "/openai/v1/models",
    json: '"response_format":{"type":"json_object"}',
    key: ["authorization", `Bearer ${KEY}`],
  },
  {
    provider: "ollama",
    path: () => "/api/chat",
    list: "/api/tags",
    json: '"format":"json"',
    key: ["authorization", `Bearer ${KEY}`],
  },
];

if (providerCases.length !== modelProviders.length) throw new Error("a provider has no case");

/** A fake model that repeats the first message, so that the answer to a repair is that to the first request. */
export function startEcho(): Promise<FakeModel> {
  return startFakeModel({
    answer: ({ messages, json }) => {
      const text = messages[0]?.content ?? "";
      return json ? JSON.stringify(text === "" ? {} : { echo: text }) : text;
    },
  });
}

/** Where the fake model's paths begin. */
export function rootOf(fake: FakeModel): string {
  return new URL(fake.url).origin;
}

export function modelOf(
  fake: FakeModel,
  provider: ModelProvider,
  model: string,
  options: Partial<ChatModelOptions> = {},
) {
  const baseUrl = provider === "openai" ? fake.url : rootOf(fake);
  return createModel({ provider, name: "primary", model, baseUrl, apiKey: KEY, ...options });
}
