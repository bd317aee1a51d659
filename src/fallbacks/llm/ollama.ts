import { fieldsOf, textIn } from "./fields.ts";
import type { Provider, Sign } from "./provider.ts";
import { countsOf, wordsOf } from "./signs.ts";

/** The API of an Ollama server: lines of JSON, always streamed by the vendor's client. */
export const ollamaProvider: Provider = {
  packageName: "@langchain/ollama",
  version: "1.3.0",
  endpoint: { baseUrl: "http://127.0.0.1:11434", ending: "/api" },
  list: "/api/tags",
  streams: "lines",
  async load() {
    const { ChatOllama } = await import("@langchain/ollama");
    return ({ model, maxOutputTokens, contextWindow, baseUrl, fetch, form }) => ({
      model: new ChatOllama({
        model,
        baseUrl,
        numPredict: maxOutputTokens,
        maxRetries: 0,
        outputVersion: "v0",
        // Without it the server cuts what is longer than its default, and does not say so.
        ...(contextWindow !== undefined && { numCtx: contextWindow }),
        ...(form.json && { format: "json" }),
        fetch,
      }),
    });
  },
  read,
};

/** https://docs.ollama.com/api/chat */
function read(message: unknown): Sign {
  const fields = fieldsOf(message);
  if (fields?.["error"] !== undefined) return { error: wordsOf(fields["error"]) };
  const done = fields?.["done"] === true;
  return {
    ...(textIn(fieldsOf(fields?.["message"])?.["thinking"]) !== undefined && { thinking: true }),
    ...(done && { finish: fields["done_reason"] === "length" ? "cut" : "complete" }),
    ...countsOf(fields, "prompt_eval_count", "eval_count"),
  };
}
