import { fieldsOf, firstOf, textIn } from "./fields.ts";
import { dataOf } from "./messages.ts";
import type { Finish, Provider, Sign } from "./provider.ts";
import { countsOf, wordsOf } from "./signs.ts";

/**
 * The Gemini API of Google. Google's client underneath LangChain's takes no `fetch`: it would follow redirects, read answers of
 * any length and look a name up for as long as that takes. So requests and answers are LangChain's, and the sending is ours.
 */
export const googleProvider: Provider = {
  packageName: "@langchain/google-genai",
  version: "2.3.2",
  endpoint: {
    baseUrl: "https://generativelanguage.googleapis.com",
    ending: "/v1beta",
    credentials: (key) => ({ "x-goog-api-key": key }),
  },
  list: "/v1beta/models?pageSize=1",
  streams: "events",
  async load() {
    const { ChatGoogleGenerativeAI } = await import("@langchain/google-genai");
    return ({ model, maxOutputTokens, baseUrl, fetch, form }) => {
      const chat = new ChatGoogleGenerativeAI({
        model,
        apiKey: "unused",
        baseUrl,
        maxOutputTokens,
        maxRetries: 0,
        outputVersion: "v0",
        json: form.json,
      });
      // A tuned model has a folder of its own.
      const path = (chat.model.includes("/") ? chat.model : `models/${chat.model}`).split("/").map(encodeURIComponent);
      const url = `${baseUrl}/v1beta/${path.join("/")}:streamGenerateContent?alt=sse`;
      // Private in its types, a plain field in fact; a test holds that all goes through our `fetch`.
      return { model: Object.assign(chat, { client: createClient(url, fetch) }) };
    };
  },
  read,
};

/** The part of Google's client that LangChain's stream uses. */
function createClient(url: string, send: typeof fetch) {
  return {
    async generateContentStream(request: object, { signal }: { readonly signal?: AbortSignal }) {
      const body = JSON.stringify(request);
      const answer = await send(url, { method: "POST", body, ...(signal && { signal }) });
      return { stream: contentsOf(answer) };
    },
  };
}

async function* contentsOf(answer: Response): AsyncGenerator {
  // Each piece is one message, and whole: see `wholeMessages`.
  for await (const text of (answer.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
    const data = dataOf(text, "events");
    if (data !== undefined) yield JSON.parse(data);
  }
}

const finishes: Readonly<Record<string, Finish>> = {
  MAX_TOKENS: "cut",
  SAFETY: "filtered",
  RECITATION: "filtered",
  BLOCKLIST: "filtered",
  PROHIBITED_CONTENT: "filtered",
  SPII: "filtered",
};

/** https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse */
function read(message: unknown): Sign {
  const fields = fieldsOf(message);
  if (fields?.["error"] !== undefined) return { error: wordsOf(fields["error"]) };
  if (textIn(fieldsOf(fields?.["promptFeedback"])?.["blockReason"]) !== undefined) return { finish: "filtered" };
  const candidate = firstOf(fields?.["candidates"]);
  const parts = fieldsOf(candidate?.["content"])?.["parts"];
  const finish = textIn(candidate?.["finishReason"]);
  const usage = fieldsOf(fields?.["usageMetadata"]);
  const { inputTokens, outputTokens } = countsOf(usage, "promptTokenCount", "candidatesTokenCount");
  const thoughts = countsOf(usage, "", "thoughtsTokenCount").outputTokens ?? 0;
  return {
    ...(Array.isArray(parts) && parts.some((part) => fieldsOf(part)?.["thought"] === true) && { thinking: true }),
    ...(finish !== undefined && { finish: finishes[finish] ?? "complete" }),
    ...(inputTokens !== undefined && { inputTokens }),
    ...(outputTokens !== undefined && { outputTokens: outputTokens + thoughts }),
  };
}
