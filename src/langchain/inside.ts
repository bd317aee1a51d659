/* oxlint-disable no-underscore-dangle -- LangChain marks the methods between a chat model and its base class so. */
import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import type { BaseMessage } from "@langchain/core/messages";
import type { ChatGenerationChunk, ChatResult } from "@langchain/core/outputs";

// `invoke` and `stream` would begin a run of their own: handlers would hear of two, and one of them would have no end.

export function generate(model: BaseChatModel, messages: BaseMessage[], options: object): Promise<ChatResult> {
  return model._generate(messages, options);
}

export function streamChunks(
  model: BaseChatModel,
  messages: BaseMessage[],
  options: object,
): AsyncGenerator<ChatGenerationChunk> {
  return model._streamResponseChunks(messages, options);
}

/** Whether the model gives its answer in pieces; if not, a stream of it is the whole answer. */
export function streams(model: BaseChatModel): boolean {
  return !model.disableStreaming && model._streamResponseChunks !== BaseChatModel.prototype._streamResponseChunks;
}

/** What kind of model its class says it is, such as "openai". */
export function kindOf(model: BaseChatModel): string {
  return model._llmType();
}

/** Not by its class, since the caller may have another copy of the package. */
export function isChatModel(value: unknown): value is BaseChatModel {
  return typeof value === "object" && value !== null && "_generate" in value && typeof value._generate === "function";
}
