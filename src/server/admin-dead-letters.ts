import { z } from "zod";
import { LayerError } from "../fallbacks/core/errors.ts";
import { Problem } from "../problems.ts";
import { jsonBody } from "./body.ts";
import { defineRoute, type Route } from "./route.ts";
import type { ServerDeps } from "./server-deps.ts";

const PATH = "/api/v1/admin/dead-letters";
const MOST = 100;
const LONGEST_KEY = 500;

const letterSchema = z.object({
  key: z.string(),
  at: z.string().nullable(),
  reason: z.string(),
  content: z.unknown().meta({ description: "What was to be saved, as it is kept. It may hold what users wrote." }),
});
const keySchema = z.strictObject({ key: z.string().min(1).max(LONGEST_KEY) });

/** What was acknowledged here and the shared store refused for ever: looked at, tried again, dropped. Each is a line of the log. */
export function deadLetterRoutes({ operate, settings, log }: ServerDeps): readonly Route[] {
  const body = jsonBody(keySchema, settings.maxBodyBytes.chat);
  return [
    defineRoute({
      method: "get",
      path: PATH,
      role: "operator",
      summary: `What this server saved and the shared store refused, the ${MOST} oldest`,
      answer: { status: 200, description: "Letters", schema: z.object({ items: z.array(letterSchema) }) },
      async handle({ context }) {
        const letters = (await operate.deadLetters?.listDead(MOST, context)) ?? [];
        return { json: { items: letters.map(({ key, at, reason, raw }) => ({ key, at, reason, content: raw })) } };
      },
    }),
    defineRoute({
      method: "post",
      path: `${PATH}/retry`,
      role: "operator",
      summary: "Send one of them once more; it is dropped when the shared store takes it",
      body,
      answer: {
        status: 200,
        description: "Whether it was taken; if not, the shared store still has something else there",
        schema: z.object({ applied: z.boolean() }),
      },
      async handle({ body: { key }, principal, context }) {
        log.warn({ requestId: context.requestId, keyId: principal.keyId, key }, "audit: a dead letter is sent again");
        const { deadLetters } = operate;
        if (!deadLetters) throw unknown(key);
        try {
          const { status } = await deadLetters.retryDead(key, context);
          return { json: { applied: status === "applied" } };
        } catch (error) {
          throw error instanceof LayerError && error.errorClass === "invalid_request" ? unknown(key, error) : error;
        }
      },
    }),
    defineRoute({
      method: "post",
      path: `${PATH}/drop`,
      role: "operator",
      summary: "Forget one of them for ever",
      body,
      answer: {
        status: 200,
        description: "Whether there was one with this key",
        schema: z.object({ dropped: z.boolean() }),
      },
      async handle({ body: { key }, principal, context }) {
        log.warn({ requestId: context.requestId, keyId: principal.keyId, key }, "audit: a dead letter is dropped");
        return { json: { dropped: (await operate.deadLetters?.dropDead(key, context)) ?? false } };
      },
    }),
  ];
}

function unknown(key: string, cause?: unknown): Problem {
  const detail = `key: ${JSON.stringify(key)} is no letter that can be sent; allowed: a key of GET ${PATH}`;
  return new Problem("invalid_request", detail, { field: "key", cause });
}
