import { readCompletion } from "./completion.ts";
import type { Provider } from "./provider.ts";

/** The Chat Completions API of OpenAI and of whoever speaks it. */
export const openAiProvider: Provider = {
  packageName: "@langchain/openai",
  version: "1.5.8",
  endpoint: { baseUrl: "https://api.openai.com/v1" },
  list: "/models",
  streams: "events",
  // Some know no JSON mode, some no counts of a stream, some no streams. No form costs JSON mode or counts for a stream's sake.
  forms: {
    json: [
      { stream: true, json: true, usage: true },
      { stream: false, json: true, usage: true },
      { stream: false, json: false, usage: true },
    ],
    text: [
      { stream: true, json: false, usage: true },
      { stream: true, json: false, usage: false },
      { stream: false, json: false, usage: true },
    ],
  },
  async load() {
    const { ChatOpenAICompletions } = await import("@langchain/openai");
    return ({ model, maxOutputTokens, baseUrl, fetch, form }) => ({
      model: new ChatOpenAICompletions({
        model,
        // The exchange says who asks. Without any key the vendor looks for one in the environment.
        apiKey: "unused",
        maxTokens: maxOutputTokens,
        maxRetries: 0,
        streamUsage: form.stream && form.usage,
        outputVersion: "v0",
        // All that has a variable of the environment for its default is given. The vendor's log would print replies.
        configuration: {
          baseURL: baseUrl,
          organization: null,
          project: null,
          adminAPIKey: null,
          webhookSecret: null,
          logLevel: "off",
          fetch,
        },
      }),
      ...(form.json && { options: { response_format: { type: "json_object" } } }),
    });
  },
  read: readCompletion,
};
