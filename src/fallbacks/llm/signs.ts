import { type Fields, fieldsOf, textIn } from "./fields.ts";
import type { Sign } from "./provider.ts";

/** The counts of tokens that a provider gives under these names; what is no count is left out. */
export function countsOf(
  usage: Fields | undefined,
  input: string,
  output: string,
): Pick<Sign, "inputTokens" | "outputTokens"> {
  const inputTokens = countOf(usage?.[input]);
  const outputTokens = countOf(usage?.[output]);
  return { ...(inputTokens !== undefined && { inputTokens }), ...(outputTokens !== undefined && { outputTokens }) };
}

function countOf(tokens: unknown): number | undefined {
  return typeof tokens === "number" && tokens >= 0 && Number.isSafeInteger(tokens) ? tokens : undefined;
}

/** What an error inside an answer says. */
export function wordsOf(error: unknown): string {
  return textIn(fieldsOf(error)?.["message"]) ?? textIn(error) ?? JSON.stringify(error);
}
