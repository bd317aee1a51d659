import { createFunctionCallingParser } from "@langchain/core/language_models/structured_output";
import type { AIMessage } from "@langchain/core/messages";
import { toJsonSchema } from "@langchain/core/utils/json_schema";
import type { SerializableSchema } from "@langchain/core/utils/standard_schema";
import { isSerializableSchema } from "@langchain/core/utils/standard_schema";
import { type InteropZodType, isInteropZodSchema } from "@langchain/core/utils/types";
import { LayerError } from "../fallbacks/core/errors.ts";

/** A zod schema, another one that can be written as JSON Schema, or a JSON Schema. */
export type OutputSchema<Output> = InteropZodType<Output> | SerializableSchema<Output> | Record<string, unknown>;

/** @throws {LayerError} `schema_invalid` when the reply is not what was asked for. */
export type CheckReply = (reply: AIMessage) => Promise<void>;

/** What a model is asked for: to call one function, whose arguments are the result. */
export function structuredCall<Output extends Record<string, unknown>>(schema: OutputSchema<Output>, given?: string) {
  const validates = isInteropZodSchema(schema) || isSerializableSchema(schema);
  const json = (validates ? toJsonSchema(schema) : schema) as Record<string, unknown>;
  const own = validates ? undefined : (json["name"] ?? json["title"]);
  const name = given ?? (typeof own === "string" ? own : "extract");
  const { description = "A function available to call." } = json;
  // A plain object may be an OpenAI function, whose schema is in `parameters`.
  const parameters = !validates && typeof json["parameters"] === "object" ? json["parameters"] : json;
  const parser = createFunctionCallingParser<Output>(schema as InteropZodType<Output>, name);
  const check: CheckReply = async (reply) => {
    const called = reply.tool_calls?.some((call) => call.name === name) ?? false;
    if (!called) throw new LayerError("schema_invalid", `the model did not call "${name}"`);
    await parser.parseResult([{ text: "", message: reply }]).catch((cause: unknown) => {
      throw new LayerError("schema_invalid", `what the model gave to "${name}" does not fit its schema`, { cause });
    });
  };
  return { name, tool: { type: "function" as const, function: { name, description, parameters } }, parser, check };
}
