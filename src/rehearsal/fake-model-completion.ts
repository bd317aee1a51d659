import type { ModelScript } from "./fake-model-script.ts";
import { type Asked, type Completion, type Fields, fieldsOf, listOf, type OfferedTool } from "./fake-protocol.ts";

const CHARACTERS_PER_TOKEN = 4;
const THOUGHT = "The user wants an answer, so I will give one.";

/** What is said to a request: a text, or a call of a tool where the script wants one. */
export function completionOf(asked: Asked, text: string, script: ModelScript): Completion {
  const [tool] = asked.tools;
  const last = asked.question.messages.at(-1);
  const calls = script.tools && tool && last?.role !== "tool" ? [callOf(tool, last?.content ?? "")] : [];
  const said = calls.length > 0 ? "" : text;
  const input = Math.ceil(asked.promptLength / CHARACTERS_PER_TOKEN);
  const output = Math.ceil((said === "" ? JSON.stringify(calls) : said).length / CHARACTERS_PER_TOKEN);
  return {
    model: asked.question.model,
    text: said,
    thinking: script.thinking ? THOUGHT : "",
    calls,
    finish: script.finish === undefined ? "stop" : script.finish,
    done: script.done ?? true,
    usage: (script.usage ?? true) && (asked.usage || !asked.stream) ? { input, output } : null,
  };
}

/** A call whose arguments fit simple schemas: strings are the last message, or the first that is allowed. */
function callOf({ name, parameters }: OfferedTool, message: string): Completion["calls"][number] {
  const properties = Object.entries(fieldsOf(parameters["properties"]) ?? {});
  const args = properties.map(([property, schema]) => [property, valueFor(fieldsOf(schema) ?? {}, message)]);
  return { id: "call_fake_1", name, args: Object.fromEntries(args) as Fields };
}

function valueFor(schema: Fields, message: string): unknown {
  const allowed = listOf(schema["enum"]);
  if (allowed.length > 0) return allowed[0];
  switch (String(schema["type"]).toLowerCase()) {
    case "number":
    case "integer":
      return 1;
    case "boolean":
      return true;
    case "array":
      return [];
    case "object":
      return {};
    default:
      return message;
  }
}
