import { ChatAnthropic } from "@langchain/anthropic";
import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import type { AIMessageChunk } from "@langchain/core/messages";
import { ChatGoogleGenerativeAI } from "@langchain/google-genai";
import { ChatGroq } from "@langchain/groq";
import { ChatOllama } from "@langchain/ollama";
import { ChatOpenAICompletions } from "@langchain/openai";
import type { FakeModel } from "../../src/rehearsal/fake-model.ts";

type Make = (server: FakeModel, model: string) => BaseChatModel;

/** The clients that people use, each pointed at the fake as it would be at its provider. */
export const clients: readonly (readonly [name: string, chatPath: (model: string) => string, make: Make])[] = [
  [
    "openai",
    () => "/v1/chat/completions",
    ({ url }, model) =>
      new ChatOpenAICompletions({
        model,
        apiKey: "k",
        maxRetries: 0,
        configuration: { baseURL: url, logLevel: "off" },
      }),
  ],
  [
    "groq",
    () => "/openai/v1/chat/completions",
    ({ origin }, model) => new ChatGroq({ model, apiKey: "k", maxRetries: 0, baseUrl: origin }),
  ],
  [
    "anthropic",
    () => "/v1/messages",
    ({ origin }, model) =>
      new ChatAnthropic({
        model,
        apiKey: "k",
        maxRetries: 0,
        anthropicApiUrl: origin,
        clientOptions: { logLevel: "off" },
      }),
  ],
  [
    "google",
    (model) => `/v1beta/models/${model}:generateContent`,
    ({ origin }, model) => new ChatGoogleGenerativeAI({ model, apiKey: "k", maxRetries: 0, baseUrl: origin }),
  ],
  ["ollama", () => "/api/chat", ({ origin }, model) => new ChatOllama({ model, baseUrl: origin, maxRetries: 0 })],
];

/** What a stream gave, and how it ended. */
export async function streamed(model: BaseChatModel, message: string) {
  const chunks: AIMessageChunk[] = [];
  let error: Error | undefined;
  try {
    for await (const chunk of await model.stream(message)) chunks.push(chunk);
  } catch (thrown) {
    error = thrown as Error;
  }
  return { text: chunks.map((chunk) => chunk.text).join(""), chunks, error };
}
