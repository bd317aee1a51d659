import type { Usage } from "../../fallbacks/llm/port.ts";
import type { ChatState, Recognition } from "../state.ts";

export function tokensOf(usage: Usage): ChatState["tokens"] {
  return { input: usage.inputTokens, output: usage.outputTokens };
}

export const NO_TOKENS: ChatState["tokens"] = { input: 0, output: 0 };

/** @throws {Error} when the node runs before `recognise`: a defect of the topology. */
export function recognised(state: ChatState): Recognition {
  if (!state.recognition) throw new Error("the message has not been recognised yet");
  return state.recognition;
}
