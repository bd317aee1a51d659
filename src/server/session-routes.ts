import { z } from "zod";
import type { Turn } from "../conversations/conversations.ts";
import { storedReplyJson } from "./chat-json.ts";
import { chatReplySchema, idSchema, timeSchema } from "./chat-schemas.ts";
import { ownerQuery, pageOf, pageQuery, pageSchema } from "./paging.ts";
import { defineRoute, type Route } from "./route.ts";
import type { ServerDeps } from "./server-deps.ts";
import { toWire } from "./wire.ts";

const sessionSchema = z.object({
  session_id: z.string(),
  title: z.string(),
  turns: z.int().meta({ description: "The number of its last turn." }),
  forked: z.boolean().meta({
    description: "Servers that did not see one another both went on with it: some of its turns share a number.",
  }),
  created_at: timeSchema,
  updated_at: timeSchema,
});

const turnSchema = z.object({
  turn_id: z.string(),
  seq: z.int(),
  fork: z.boolean().meta({ description: "Another turn has the same number." }),
  message: z.string(),
  status: z.enum(["running", "done", "failed", "interrupted"]).meta({
    description:
      "`interrupted`: it was cut off. The same request with the same `turn_id` runs it anew, in its old place.",
  }),
  at: timeSchema,
  reply: chatReplySchema.nullable(),
});

const params = z.strictObject({ session_id: idSchema });
const query = pageQuery.extend(ownerQuery.shape);
const turnsQuery = query.extend({
  order: z.enum(["asc", "desc"]).default("asc").meta({ description: "Oldest turn first, or newest first." }),
});

function turnJson({ reply, runner: _runner, ...turn }: Turn): z.output<typeof turnSchema> {
  return { ...toWire(turn), reply: storedReplyJson(reply) };
}

export function sessionRoutes({ conversations }: ServerDeps): readonly Route[] {
  return [
    defineRoute({
      method: "get",
      path: "/api/v1/sessions",
      role: "user",
      summary: "Your sessions, newest first",
      query,
      answer: { status: 200, description: "A page of sessions", schema: pageSchema(sessionSchema) },
      async handle({ principal, query: { user, ...page }, context }) {
        return { json: toWire(await conversations.list({ keyId: principal.keyId, user }, pageOf(page), context)) };
      },
    }),
    defineRoute({
      method: "get",
      path: "/api/v1/sessions/:session_id",
      role: "user",
      summary: "A session with its turns",
      params,
      query: turnsQuery,
      answer: {
        status: 200,
        description: "The session and a page of its turns",
        schema: sessionSchema.extend(pageSchema(turnSchema).shape),
      },
      problems: ["session_not_found"],
      async handle({ principal, params: { session_id }, query: { user, order, ...page }, context }) {
        const owner = { keyId: principal.keyId, user };
        const part = { ...pageOf(page), ...(order === "desc" && { reverse: true }) };
        const { items, ...session } = await conversations.turns(owner, session_id, part, context);
        return { json: { ...toWire(session), items: items.map(turnJson) } };
      },
    }),
    defineRoute({
      method: "delete",
      path: "/api/v1/sessions/:session_id",
      role: "user",
      summary: "Delete a session with its turns",
      params,
      query: ownerQuery,
      answer: { status: 204, description: "It is gone" },
      problems: ["session_not_found"],
      async handle({ principal, params: { session_id }, query: { user }, context }) {
        await conversations.remove({ keyId: principal.keyId, user }, session_id, context);
        return {};
      },
    }),
  ];
}
