import { z } from "zod";
import type { Principal } from "../accounts/accounts.ts";
import type { Clock } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import { stepContext } from "../jobs/step-context.ts";
import type { DataItem, DataScope, Privacy } from "../privacy/privacy.ts";
import { Problem } from "../problems.ts";
import { storedReplyJson } from "./chat-json.ts";
import { idSchema, timeSchema, userSchema } from "./chat-schemas.ts";
import { jobStateSchema } from "./job-routes.ts";
import { sendLines } from "./ndjson.ts";
import { defineRoute, type Route } from "./route.ts";
import { toWire } from "./wire.ts";

export interface PrivacyRoutesDeps {
  readonly privacy: Privacy;
  readonly clock: Clock;
}

/** For each call of the store, however long the whole export takes; and how long a reader may take nothing. */
const STEP_MS = 30_000;

const params = z.strictObject({ user: userSchema });
const query = z.strictObject({
  all_keys: z
    .enum(["true", "false"])
    .default("false")
    .meta({ description: "What belongs to any configured key and that user. Wants the role admin." }),
});

const erasureSchema = z.object({
  job_id: z.string(),
  state: jobStateSchema,
  removed: z
    .object({ sessions: z.int(), turns: z.int(), tickets: z.int(), handoffs: z.int() })
    .nullable()
    .meta({ description: "Once it is done." }),
  created_at: timeSchema,
  updated_at: timeSchema,
});

const data = "/api/v1/users/:user/data";

/** What is kept of one user of the calling key: given out, and deleted. */
export function privacyRoutes({ privacy, clock }: PrivacyRoutesDeps): readonly Route[] {
  return [
    defineRoute({
      method: "get",
      path: data,
      role: "user",
      summary: "Everything that is kept of a user, one JSON object a line; the last has the type end",
      params,
      query,
      answer: { status: 200, description: "Lines with a type each", type: "application/x-ndjson" },
      async handle({ principal, params: { user }, query: { all_keys }, context, response }): Promise<"sent"> {
        const scope = scopeOf(principal, user, all_keys);
        const lasting = stepContext(context, { clock, ms: STEP_MS });
        await sendLines(response, linesOf(privacy, scope, lasting), { clock, stallMs: STEP_MS });
        return "sent";
      },
    }),
    defineRoute({
      method: "delete",
      path: data,
      role: "user",
      summary: "Delete everything that is kept of a user; turns that begin later are kept",
      params,
      query,
      answer: {
        status: 202,
        description: "It will be done, whatever stops meanwhile",
        schema: z.object({ job_id: z.string() }),
      },
      async handle({ principal, params: { user }, query: { all_keys }, context }) {
        const { jobId } = await privacy.erase(scopeOf(principal, user, all_keys), context);
        return { json: { job_id: jobId } };
      },
    }),
    defineRoute({
      method: "get",
      path: `${data}/jobs/:job_id`,
      role: "user",
      summary: "What has become of a deletion",
      params: params.extend({ job_id: idSchema }),
      query,
      answer: { status: 200, description: "The deletion as it is now", schema: erasureSchema },
      problems: ["not_found"],
      async handle({ principal, params: { user, job_id }, query: { all_keys }, context }) {
        const job = await privacy.erasure(scopeOf(principal, user, all_keys), job_id, context);
        if (!job) throw new Problem("not_found", "job_id names no deletion of this user of yours", { field: "job_id" });
        const removed = erasureSchema.shape.removed.safeParse(job.result).data ?? null;
        const times = { created_at: job.createdAt, updated_at: job.updatedAt };
        return { json: { job_id: job.jobId, state: job.state, removed, ...times } };
      },
    }),
  ];
}

/** @throws {Problem} `forbidden` for all keys without the role admin. */
function scopeOf({ keyId, roles }: Principal, user: string, allKeys: "true" | "false"): DataScope {
  if (allKeys === "false") return { keyId, user };
  if (roles.has("admin")) return { keyId: null, user };
  throw new Problem("forbidden", "all_keys=true needs a key with the role admin.", { field: "all_keys" });
}

/** The last line says that it is all, and whether a store stood in that may not have everything. */
async function* linesOf(privacy: Privacy, scope: DataScope, context: CallContext): AsyncGenerator<object> {
  const counts = { sessions: 0, turns: 0, tickets: 0, handoffs: 0 };
  for await (const item of privacy.export(scope, context)) {
    counts[`${item.type}s`] += 1;
    yield lineOf(item);
  }
  yield { type: "end", ...counts, degradation: toWire(context.trail.list()) };
}

function lineOf(item: DataItem): object {
  switch (item.type) {
    case "session":
      return { type: item.type, key_id: item.keyId, ...toWire(item.session) };
    case "turn": {
      // Which process ran it is nobody's business.
      const { reply, alternatives, runner: _runner, ...turn } = item.turn;
      const others = alternatives.map((other) => ({ message: other.message, reply: storedReplyJson(other.reply) }));
      const replies = { reply: storedReplyJson(reply), alternatives: others };
      return { type: item.type, session_id: item.sessionId, ...toWire(turn), ...replies };
    }
    case "ticket":
      return { type: item.type, key_id: item.keyId, ...toWire(item.ticket) };
    case "handoff": {
      const { card, ...handoff } = item.handoff;
      return { type: item.type, key_id: item.keyId, ...toWire(handoff), card: toWire<unknown>(card) };
    }
  }
}
