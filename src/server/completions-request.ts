import type { ChatRequest } from "../graph/chat-types.ts";
import type { GivenTurn } from "../graph/given-history.ts";
import { idSchema } from "./chat-schemas.ts";
import { type CompletionBody, type CompletionMessage, textOf } from "./completions-schema.ts";
import { tierOfModel } from "./openai-models.ts";
import type { Admitted } from "./route.ts";
import { validate } from "./validation.ts";

/**
 * The turn that a completion asks for: a session of its own, with the client's messages as its history.
 * @throws {Problem} `not_found` for a model that the key may not use; `invalid_request` for an `Idempotency-Key` that is no id.
 */
export function turnOf(call: Admitted, body: CompletionBody, tiers: readonly string[]): ChatRequest {
  const key = call.request.get("idempotency-key");
  return {
    requestId: call.context.requestId,
    owner: { keyId: call.principal.keyId, user: body.user ?? "guest" },
    tier: tierOfModel(body.model, tiers, call.principal),
    signal: call.context.signal,
    roles: call.context.roles,
    // A request that a client repeats under the same key is the same turn, and is not run twice.
    ...(key === undefined ? {} : { turnId: validate(idSchema, key, "idempotency-key") }),
    ...conversationOf(body.messages),
  };
}

/**
 * The question, and the turns before it. What one side says in several messages is one text; what nobody answered, such as a
 * request that failed, stays a turn without an answer; a greeting before the first question belongs to no turn. Instructions
 * (`system`, `developer`) are left out: the agents here have their own, and the client's would be somebody else's.
 */
export function conversationOf(messages: readonly CompletionMessage[]): {
  readonly message: string;
  readonly given: readonly GivenTurn[];
} {
  const given: GivenTurn[] = [];
  let user: string[] = [];
  let bot: string[] = [];
  const close = () => {
    if (user.length > 0) given.push({ user: user.join("\n"), bot: bot.length > 0 ? bot.join("\n") : null });
    user = [];
    bot = [];
  };
  let message = "";
  for (const [index, said] of messages.entries()) {
    if (said.role === "assistant") {
      const text = said.content ? textOf(said.content) : (said.refusal ?? "");
      if (text.trim() !== "") bot.push(text);
    } else if (said.role === "user") {
      if (bot.length > 0) close();
      message = textOf(said.content);
      if (index < messages.length - 1) user.push(message);
    }
  }
  close();
  return { message, given };
}
