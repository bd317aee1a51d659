import { anthropicProvider } from "./anthropic.ts";
import { type ChatModelOptions, createChatModel } from "./chat-model.ts";
import { googleProvider } from "./google.ts";
import { groqProvider } from "./groq.ts";
import { ollamaProvider } from "./ollama.ts";
import { openAiProvider } from "./openai.ts";
import type { ChatModel } from "./port.ts";
import type { Provider } from "./provider.ts";

/** Whose API a model speaks. `openai` is that of anybody who is compatible with it. */
export const modelProviders = ["openai", "anthropic", "google", "groq", "ollama"] as const;

export type ModelProvider = (typeof modelProviders)[number];

const providers: Readonly<Record<ModelProvider, Provider>> = {
  openai: openAiProvider,
  anthropic: anthropicProvider,
  google: googleProvider,
  groq: groqProvider,
  ollama: ollamaProvider,
};

/**
 * A model of any provider. The package of its vendor is loaded with the first call, which fails as `missing` where it is not
 * installed.
 * @throws {RangeError} when the base URL is not one.
 */
export function createModel({
  provider,
  ...options
}: ChatModelOptions & { readonly provider: ModelProvider }): ChatModel {
  return createChatModel(providers[provider], options);
}
