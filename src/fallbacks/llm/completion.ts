import { fieldsOf, firstOf, textIn } from "./fields.ts";
import type { Finish, Sign } from "./provider.ts";
import { countsOf, wordsOf } from "./signs.ts";

const finishes: Readonly<Record<string, Finish>> = { length: "cut", content_filter: "filtered" };

/** A whole completion of the Chat Completions API, or a chunk of one, as OpenAI and those who followed write it. */
export function readCompletion(message: unknown): Sign {
  const fields = fieldsOf(message);
  const error = fields?.["error"];
  if (error !== undefined && error !== null) return { error: wordsOf(error) };
  const choice = firstOf(fields?.["choices"]);
  const delta = fieldsOf(choice?.["delta"]);
  const finish = textIn(choice?.["finish_reason"]);
  const usage = fieldsOf(fields?.["usage"]) ?? fieldsOf(fieldsOf(fields?.["x_groq"])?.["usage"]);
  return {
    ...(textIn(delta?.["reasoning_content"] ?? delta?.["reasoning"]) !== undefined && { thinking: true }),
    ...(finish !== undefined && { finish: finishes[finish] ?? "complete" }),
    ...countsOf(usage, "prompt_tokens", "completion_tokens"),
  };
}
