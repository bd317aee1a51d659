import { type BaseMessage, convertToChunk, isAIMessage } from "@langchain/core/messages";
import { type ChatGeneration, ChatGenerationChunk, type Generation } from "@langchain/core/outputs";
import { estimateTokens } from "../fallbacks/llm/tokens.ts";

type Fields = Readonly<Record<string, unknown>>;

/** What a model says in one piece, or as a whole. */
export interface Said extends Pick<Generation, "text" | "generationInfo"> {
  readonly message: BaseMessage;
}

/** Whether there is something of an answer: text that is not blank, a call of a tool, thinking, a refusal, a picture. */
export function hasContent({ text, message }: Said): boolean {
  if (text.trim() !== "" || callsTools(message)) return true;
  const { content, additional_kwargs: more } = message;
  if (typeof content === "string" ? content.trim() !== "" : content.some(isFilled)) return true;
  return [more["reasoning_content"], more["refusal"], more["audio"], more["function_call"]].some(
    (value) => value !== undefined && value !== null && value !== "",
  );
}

function callsTools(message: BaseMessage): boolean {
  if (!isAIMessage(message)) return false;
  const { tool_calls = [], tool_call_chunks = [] } = message as {
    tool_calls?: unknown[];
    tool_call_chunks?: unknown[];
  };
  return tool_calls.length > 0 || tool_call_chunks.length > 0;
}

function isFilled(block: Fields): boolean {
  if (block["type"] === "text") return typeof block["text"] === "string" && block["text"].trim() !== "";
  return true;
}

/** Why an answer ended, as the provider calls it; undefined where this piece does not say that it is the last. */
export function finishOf({ message, generationInfo }: Said): string | undefined {
  for (const fields of [generationInfo, message.response_metadata, message.additional_kwargs] as (
    | Fields
    | undefined
  )[]) {
    if (!fields) continue;
    const reasons = ["finish_reason", "finishReason", "stop_reason", "done_reason"].map((name) => fields[name]);
    const reason = reasons.find((value) => typeof value === "string" && value !== "");
    if (typeof reason === "string") return reason;
    const { status } = fields;
    if (status === "completed" || status === "incomplete") return status;
    if (fields["done"] === true) return "stop";
  }
  return undefined;
}

const filtered: ReadonlySet<string> = new Set([
  "content_filter",
  "SAFETY",
  "PROHIBITED_CONTENT",
  "BLOCKLIST",
  "refusal",
]);

/** Whether the provider's policy ended the answer. */
export function isFiltered(finish: string | undefined): boolean {
  return finish !== undefined && filtered.has(finish);
}

/** A whole answer as the one piece of a stream. */
export function asChunk(
  { text, message, generationInfo }: ChatGeneration,
  llmOutput: Fields = {},
): ChatGenerationChunk {
  const chunk = convertToChunk(message);
  chunk.response_metadata = { ...llmOutput, ...message.response_metadata };
  return new ChatGenerationChunk({ text, message: chunk, ...(generationInfo && { generationInfo }) });
}

/** No tokeniser makes more tokens of a UTF-16 unit of text. */
const MOST_TOKENS_PER_UNIT = 1.5;
const TOKENS_PER_MESSAGE = 4;

/**
 * About how many tokens a prompt has. What fits into `window` whatever its characters are is not looked at more closely: then
 * the answer is only "not more than this".
 */
export function tokensOf(messages: readonly BaseMessage[], window: number): number {
  const texts = messages.map(textOf);
  const bound = texts.reduce((sum, text) => sum + text.length * MOST_TOKENS_PER_UNIT + TOKENS_PER_MESSAGE, 0);
  if (bound + TOKENS_PER_MESSAGE < window) return Math.ceil(bound);
  return estimateTokens({ system: "", messages: texts.map((content) => ({ role: "user", content })) });
}

function textOf(message: BaseMessage): string {
  const { content } = message;
  const text =
    typeof content === "string"
      ? content
      : content.map((block: Fields) => (typeof block["text"] === "string" ? block["text"] : "")).join("");
  return isAIMessage(message) && message.tool_calls?.length ? text + JSON.stringify(message.tool_calls) : text;
}
