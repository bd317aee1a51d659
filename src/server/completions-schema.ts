import { z } from "zod";
import { chatReplySchema, chatRequestSchema, userSchema } from "./chat-schemas.ts";

const MOST_MESSAGES = 500;

const TEXT_ONLY = "must be text or a list of parts of the type text; images, audio and files are not read here";
const NOT_FOR_CLIENTS = "must be absent: the tools of an answer are this server's own";

const textSchema = z.union([z.string(), z.array(z.looseObject({ type: z.literal("text"), text: z.string() })).min(1)], {
  error: TEXT_ONLY,
});
export type TextContent = z.output<typeof textSchema>;

/** For what would make the answer another one than this server gives: refused, unless it asks for what is done anyway. */
function only(isHarmless: (value: unknown) => boolean, error: string) {
  const isAllowed = (value: unknown) => value === undefined || value === null || isHarmless(value);
  return z.unknown().refine(isAllowed, { error }).optional();
}

const noTools = only((value) => Array.isArray(value) && value.length === 0, NOT_FOR_CLIENTS);
const noChoice = only((value) => value === "none", NOT_FOR_CLIENTS);

/** Taken, so that clients need not be changed, and without effect: how an answer is written is decided here. */
const noEffect = z.unknown().optional().meta({ description: "Taken, and without effect." });

const messageSchema = z.discriminatedUnion(
  "role",
  [
    z.looseObject({ role: z.enum(["system", "developer"]), content: textSchema }),
    z.looseObject({ role: z.literal("user"), content: textSchema }),
    z.looseObject({
      role: z.literal("assistant"),
      content: textSchema.nullish(),
      refusal: z.string().nullish(),
      tool_calls: noTools,
      function_call: noChoice,
    }),
  ],
  { error: "must be one of system, developer, user, assistant; tools are not read here" },
);
export type CompletionMessage = z.output<typeof messageSchema>;

/** The text of a message; parts are lines of their own. */
export function textOf(content: TextContent): string {
  return typeof content === "string" ? content : content.map(({ text }) => text).join("\n");
}

/** The body of `POST /v1/chat/completions`. Fields that are not named here are taken, and without effect. */
export function completionSchema() {
  // The question obeys the limits of the other routes; they do not depend on the deadline.
  const question = chatRequestSchema(Number.MAX_SAFE_INTEGER).shape.message;
  const messages = z
    .array(messageSchema)
    .superRefine((list, context) => {
      if (list.length > MOST_MESSAGES) {
        context.addIssue({ code: "custom", message: `must have at most ${MOST_MESSAGES} messages`, input: list });
      }
      const at = list.length - 1;
      const last = list[at];
      if (last?.role !== "user") {
        const path = last ? [at, "role"] : [];
        context.addIssue({ code: "custom", message: "must end with a message of the user", path, input: last?.role });
        return;
      }
      for (const { message } of question.safeParse(textOf(last.content)).error?.issues ?? []) {
        context.addIssue({ code: "custom", message, path: [at, "content"], input: textOf(last.content) });
      }
    })
    .meta({ description: `1 to ${MOST_MESSAGES}, the last one of the user: the history and the question.` });
  return z.looseObject({
    model: z.string().min(1).meta({ description: "One of GET /v1/models." }),
    messages,
    stream: z.boolean().nullish(),
    stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
    user: userSchema.nullish(),
    tools: noTools,
    functions: noTools,
    tool_choice: noChoice,
    function_call: noChoice,
    n: only((value) => value === 1, "must be 1"),
    logprobs: only((value) => value === false, "must be false: what is served here has no probabilities"),
    top_logprobs: only((value) => value === 0, "must be absent: what is served here has no probabilities"),
    response_format: z.looseObject({ type: z.literal("text") }).nullish(),
    modalities: z.array(z.literal("text")).nullish(),
    audio: only(() => false, "must be absent: answers are text only"),
    temperature: noEffect,
    top_p: noEffect,
    seed: noEffect,
    stop: noEffect,
    max_tokens: noEffect,
    max_completion_tokens: noEffect,
    presence_penalty: noEffect,
    frequency_penalty: noEffect,
    logit_bias: noEffect,
    parallel_tool_calls: noEffect,
    metadata: noEffect,
    store: noEffect,
  });
}
export type CompletionBody = z.output<ReturnType<typeof completionSchema>>;

const usageSchema = z.object({ prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() });
export type CompletionUsage = z.output<typeof usageSchema>;

/** What the protocol has no field for, under names of the other routes. */
const receiptSchema = chatReplySchema.pick({
  session_id: true,
  turn_id: true,
  intents: true,
  sources: true,
  related: true,
  degradation: true,
  served_by: true,
  escalation: true,
  durability: true,
  grounding: true,
});
export type CompletionReceipt = Readonly<z.output<typeof receiptSchema>>;

export const completionAnswerSchema = z.object({
  id: z.string(),
  object: z.literal("chat.completion"),
  created: z.int().meta({ description: "Seconds since 1970." }),
  model: z.string().meta({ description: "As it was asked for; who wrote the answer is in `understudy.served_by`." }),
  choices: z.array(
    z.object({
      index: z.int(),
      message: z.object({ role: z.literal("assistant"), content: z.string(), refusal: z.null() }),
      logprobs: z.null(),
      finish_reason: z.literal("stop"),
    }),
  ),
  usage: usageSchema,
  understudy: receiptSchema,
});
export type CompletionAnswer = Readonly<z.output<typeof completionAnswerSchema>>;
