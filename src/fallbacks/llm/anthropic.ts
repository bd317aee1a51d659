import { fieldsOf, textIn } from "./fields.ts";
import type { Finish, Provider, Sign } from "./provider.ts";
import { countsOf, wordsOf } from "./signs.ts";

/**
 * The Messages API of Anthropic. It has no JSON mode without a schema of the few kinds that it takes, so that the form of a
 * structured result stands in the prompt alone.
 */
export const anthropicProvider: Provider = {
  packageName: "@langchain/anthropic",
  version: "1.5.11",
  endpoint: {
    baseUrl: "https://api.anthropic.com",
    ending: "/v1",
    credentials: (key) => ({ "x-api-key": key }),
  },
  headers: { "anthropic-version": "2023-06-01" },
  list: "/v1/models",
  streams: "events",
  async load() {
    const { ChatAnthropic } = await import("@langchain/anthropic");
    return ({ model, maxOutputTokens, baseUrl, fetch }) => ({
      model: new ChatAnthropic({
        model,
        apiKey: "unused",
        maxTokens: maxOutputTokens,
        maxRetries: 0,
        outputVersion: "v0",
        anthropicApiUrl: baseUrl,
        // All that has a variable of the environment for its default is given. The vendor's log would print replies.
        clientOptions: { authToken: null, webhookKey: null, logLevel: "off", fetch },
      }),
    });
  },
  read,
};

const finishes: Readonly<Record<string, Finish>> = {
  max_tokens: "cut",
  model_context_window_exceeded: "cut",
  refusal: "filtered",
};

/** https://docs.claude.com/en/docs/build-with-claude/streaming */
function read(message: unknown): Sign {
  const event = fieldsOf(message);
  switch (event?.["type"]) {
    case "error":
      return { error: wordsOf(event["error"]) };
    case "message_start": {
      const usage = fieldsOf(fieldsOf(event["message"])?.["usage"]);
      const { inputTokens, ...rest } = countsOf(usage, "input_tokens", "output_tokens");
      if (inputTokens === undefined) return rest;
      // What was read from a cache or written into it is not part of the first count.
      const written = countsOf(usage, "cache_creation_input_tokens", "").inputTokens ?? 0;
      const cached = countsOf(usage, "cache_read_input_tokens", "").inputTokens ?? 0;
      return { ...rest, inputTokens: inputTokens + written + cached };
    }
    case "content_block_start":
      return isThinking(event["content_block"]) ? { thinking: true } : {};
    case "content_block_delta":
      return isThinking(event["delta"]) ? { thinking: true } : {};
    case "message_delta": {
      const finish = textIn(fieldsOf(event["delta"])?.["stop_reason"]);
      return {
        ...(finish !== undefined && { finish: finishes[finish] ?? "complete" }),
        ...countsOf(fieldsOf(event["usage"]), "", "output_tokens"),
      };
    }
    default:
      return {};
  }
}

/** A block that only says that thinking begins is none yet; one that is hidden is. */
function isThinking(block: unknown): boolean {
  const fields = fieldsOf(block);
  return textIn(fields?.["thinking"]) !== undefined || fields?.["type"] === "redacted_thinking";
}
