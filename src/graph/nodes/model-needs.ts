import type { Needs } from "../../fallbacks/core/selection.ts";
import type { Prompt } from "../../fallbacks/llm/port.ts";
import { estimateTokens } from "../../fallbacks/llm/tokens.ts";

/** What a task asks of a model: room for its prompt. The prompt is made only where some model has a known window. */
export function needsOf<Input>(task: { prompt(input: Input): Prompt }, input: Input): Needs {
  return { tokens: () => estimateTokens(task.prompt(input)) };
}
