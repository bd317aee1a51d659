import { readCompletion } from "./completion.ts";
import type { Provider } from "./provider.ts";

/** Groq's own client, for an API that is much like OpenAI's. */
export const groqProvider: Provider = {
  packageName: "@langchain/groq",
  version: "1.3.1",
  endpoint: { baseUrl: "https://api.groq.com", ending: "/openai/v1" },
  list: "/openai/v1/models",
  streams: "events",
  // Models that come and go there: not each knows JSON mode, or JSON mode in a stream.
  forms: {
    json: [
      { stream: true, json: true, usage: true },
      { stream: false, json: true, usage: true },
      { stream: true, json: false, usage: true },
    ],
    text: [{ stream: true, json: false, usage: true }],
  },
  async load() {
    const { ChatGroq } = await import("@langchain/groq");
    return ({ model, maxOutputTokens, baseUrl, fetch, form }) => ({
      model: new ChatGroq({
        model,
        apiKey: "unused",
        baseUrl,
        maxTokens: maxOutputTokens,
        maxRetries: 0,
        outputVersion: "v0",
        fetch,
      }),
      ...(form.json && { options: { response_format: { type: "json_object" } } }),
    });
  },
  read: readCompletion,
};
