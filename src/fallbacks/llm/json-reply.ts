import { z } from "zod";
import type { Prompt } from "./port.ts";

/** Places in a reply at which a JSON object is looked for: more are no reply to work with. */
const MOST_PLACES = 32;
/** Characters of a reply that are read; no task's result is longer. */
const LONGEST_REPLY = 200_000;
/** Characters of a wrong reply that the model is shown again. */
const LONGEST_SHOWN = 8_000;

/** What a model's reply to a task was worth; `problem` is written for the model and for operators. */
export type JsonReply<Output> =
  | { readonly ok: true; readonly value: Output }
  | { readonly ok: false; readonly problem: string };

/** The prompt with the form of the answer: one JSON object that fits the schema. */
export function withJsonForm(prompt: Prompt, schema: z.ZodType): Prompt {
  const form = JSON.stringify(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }));
  return {
    ...prompt,
    system: `${prompt.system}\nAnswer with one JSON object and nothing else. It must fit this JSON Schema:\n${form}`,
  };
}

/** The prompt again, with the reply that was no good and what is wrong with it, both as data. */
export function withRepair(prompt: Prompt, reply: string, problem: string): Prompt {
  const data = (name: string, text: string) =>
    `<data name="${name}">\n${JSON.stringify(text.slice(0, LONGEST_SHOWN)).replaceAll("<", "\\u003c")}\n</data>`;
  const content = [
    "You have answered this before, but not in the form that was asked for. Answer again, with one JSON object that fits.",
    data("your earlier reply", reply),
    data("what is wrong with it", problem),
  ].join("\n");
  return { ...prompt, messages: [...prompt.messages, { role: "user", content }] };
}

/**
 * Reads a structured result out of a reply. Code fences and words around the object do no harm; nothing is added or mended,
 * and a reply that holds two different results that would fit holds none.
 */
export function readJsonReply<Output>(text: string, schema: z.ZodType<Output>): JsonReply<Output> {
  const found = objectsIn(text.slice(0, LONGEST_REPLY));
  if (found.length === 0) return { ok: false, problem: "the reply holds no complete JSON object" };
  const results = found.map((value) => schema.safeParse(value));
  const fitting = new Map(
    results.flatMap((result) => (result.success ? [[JSON.stringify(result.data), result.data] as const] : [])),
  );
  if (fitting.size > 1) return { ok: false, problem: "the reply holds more than one JSON object that would fit" };
  for (const value of fitting.values()) return { ok: true, value };
  const problem = results.flatMap(({ error }) => (error ? [z.prettifyError(error)] : [])).at(-1);
  return { ok: false, problem: problem ?? "the JSON object does not fit the schema" };
}

/** The JSON objects of a text, in order; never one that is a part of another, be that cut off or wrong. */
function objectsIn(text: string): readonly unknown[] {
  const found: unknown[] = [];
  let from = text.indexOf("{");
  for (let place = 0; from !== -1 && place < MOST_PLACES; place += 1) {
    const end = endOfObject(text, from);
    // What begins as an object and never ends is a reply that was cut; any other open brace belongs to the words.
    if (end === undefined && /^\{\s*"/.test(text.slice(from, from + LONGEST_OPENING))) break;
    const value = end === undefined ? undefined : parse(text.slice(from, end));
    if (value !== undefined) found.push(value);
    from = text.indexOf("{", end ?? from + 1);
  }
  return found;
}

/** Characters in which an object shows that it is one. */
const LONGEST_OPENING = 200;

/** The index after the brace that closes the one at `from`; braces in strings do not count. */
function endOfObject(text: string, from: number): number | undefined {
  let depth = 0;
  let quoted = false;
  for (let at = from; at < text.length; at += 1) {
    const character = text[at];
    if (quoted) {
      if (character === "\\") at += 1;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === "{") depth += 1;
    else if (character === "}") {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Braces that hold no JSON, such as a template in the words around the result.
    return undefined;
  }
}
