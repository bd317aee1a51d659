import { z } from "zod";
import { tierOf } from "../accounts/tiers.ts";
import type { ChatReply, ChatRequest } from "../graph/chat-types.ts";
import { Problem, type ProblemCode } from "../problems.ts";
import { jsonBody } from "./body.ts";
import { replyJson } from "./chat-json.ts";
import { chatReplySchema, chatRequestSchema, idSchema, stopRequestSchema } from "./chat-schemas.ts";
import { createDrain, createDrainedChat } from "./drain.ts";
import { createEventStream } from "./event-stream.ts";
import { reportProblem } from "./problem-handler.ts";
import { degradedHeader, headerName } from "./receipt-headers.ts";
import { type Admitted, type Call, defineRoute, type Route } from "./route.ts";
import { sessionStreamRoutes } from "./session-stream-routes.ts";
import { createShutdownNotice } from "./shutdown-notice.ts";
import type { TurnDeps } from "./turn-deps.ts";
import { type TurnLimit, turnProblems } from "./turn-limit.ts";
import { createTurnStreams, type TurnAsk } from "./turn-streams.ts";
import { shorten, validate } from "./validation.ts";

const problems: readonly ProblemCode[] = ["session_not_found", ...turnProblems];

type ChatBody = z.output<ReturnType<typeof chatRequestSchema>>;
type ChatCall = Call<ChatBody, object, object>;

export interface ChatRoutesOptions {
  /** Names of tiers, highest first, read at each request. */
  readonly tiers: () => readonly string[];
  /** Shared with the other routes that run turns. */
  readonly turns: TurnLimit;
}

export function chatRoutes(deps: TurnDeps, { tiers, turns }: ChatRoutesOptions): readonly Route[] {
  const { settings, clock, log, drain = createDrain(), streams = createTurnStreams({ ...deps, drain }) } = deps;
  const chat = createDrainedChat(deps.chat, drain);
  const schema = chatRequestSchema(settings.maxDeadlineMs);
  const body = jsonBody(schema, settings.maxBodyBytes.chat);

  /** Who may ask for what is looked at here; a turn that runs already is joined only by whoever could have begun it. */
  function askOf(call: ChatCall): TurnAsk {
    const request = chatRequest(call, tierFor(call, tiers()));
    return {
      owner: request.owner,
      message: request.message,
      sessionId: request.sessionId,
      turnId: request.turnId,
      waitMs: request.deadlineMs ?? settings.maxDeadlineMs,
      async run(signal, emit, gone) {
        const leave = turns.enter(call.callerKey);
        try {
          return await chat.run({ ...request, signal, ...(gone !== undefined && { gone }) }, emit);
        } finally {
          leave();
        }
      },
      report: (error) => reportProblem(error, request.requestId, log),
    };
  }

  async function wholeReply(call: ChatCall): Promise<ChatReply> {
    const { signal } = call.context;
    const ask = askOf(call);
    // Nobody else can follow a turn without a name, so nothing of it needs to be kept.
    if (ask.turnId === undefined) return ask.run(signal, () => {});
    const end = await streams.follow(ask, { signal });
    if ("error" in end) throw end.error;
    return end.reply;
  }

  return [
    defineRoute({
      method: "post",
      path: "/api/v1/chat",
      runsTurns: true,
      role: "user",
      summary: "Ask something; the answer comes whole",
      body,
      answer: {
        status: 200,
        description: "The answer with its sources and its receipt. The same turn while it runs: waits for that one.",
        schema: chatReplySchema,
      },
      problems,
      async handle(call) {
        const reply = await wholeReply(call);
        const headers: Record<string, string> = { "x-served-by": headerName(reply.servedBy) };
        if (reply.degradation.length > 0) headers["x-degraded"] = degradedHeader(reply.degradation);
        return { json: replyJson(reply), headers };
      },
    }),
    defineRoute({
      method: "post",
      path: "/api/v1/chat/stream",
      runsTurns: true,
      role: "user",
      summary: "Ask something; the answer comes as it is written",
      body,
      answer: {
        status: 200,
        description:
          "Events: `meta` (the answer begins: a text from before is void), `token` any number of times, `restart` when the " +
          "text so far is void because another model starts over, then one `done` (the whole JSON of the other route) or " +
          "`error` (a problem). `shutdown` is a notice: this server goes away, the turn goes on as long as it can, and when the " +
          "stream ends with the error `shutting_down`, or breaks off, the same request finds the rest at another one. Before the first event errors are ordinary problems; a turn that waits for ten seconds " +
          "begins with a comment, and from then on errors are events. The same request with the same `turn_id` and the header " +
          "`Last-Event-ID` gets what comes after that event, without another `meta`; when that is not known any more, all.",
        type: "text/event-stream",
      },
      problems,
      async handle(call): Promise<"sent"> {
        const stream = createEventStream(call.response, { clock });
        const notice = createShutdownNotice(stream, drain.begun);
        const reader = {
          signal: call.context.signal,
          write: notice.write,
          lastEventId: call.request.get("last-event-id"),
        };
        try {
          const end = await streams.follow(askOf(call), reader);
          if ("error" in end && !stream.started) throw end.error;
          stream.end(end.event());
          return "sent";
        } finally {
          notice.forget();
          stream.drop();
        }
      },
    }),
    defineRoute({
      method: "post",
      path: "/api/v1/turns/:turn_id/stop",
      role: "user",
      summary: "Stop a turn that runs; who reads it gets an error",
      params: z.strictObject({ turn_id: idSchema }),
      body: jsonBody(stopRequestSchema, settings.maxBodyBytes.chat),
      answer: { status: 200, description: "Whether there was one to stop", schema: z.object({ stopped: z.boolean() }) },
      async handle(call) {
        return { json: { stopped: await streams.stop(ownerOf(call, call.body.user), call.params.turn_id) } };
      },
    }),
    ...sessionStreamRoutes(deps),
  ];
}

function ownerOf({ principal }: Admitted, user = "guest"): ChatRequest["owner"] {
  return { keyId: principal.keyId, user };
}

function chatRequest(call: ChatCall, tier: string | null): ChatRequest {
  const { body, context } = call;
  const turnId = turnIdOf(call);
  return {
    requestId: context.requestId,
    owner: ownerOf(call, body.user),
    message: body.message,
    signal: context.signal,
    roles: context.roles,
    ...(body.session_id === undefined ? {} : { sessionId: body.session_id }),
    ...(turnId === undefined ? {} : { turnId }),
    ...(body.deadline_ms === undefined ? {} : { deadlineMs: body.deadline_ms }),
    ...(tier === null ? {} : { tier }),
  };
}

/**
 * As the body says, or else the header `Idempotency-Key`.
 * @throws {Problem} `invalid_request` for a header that is no id, or that says something else than the body.
 */
function turnIdOf({ request, body }: ChatCall): string | undefined {
  const key = request.get("idempotency-key");
  if (key === undefined) return body.turn_id;
  const turnId = validate(idSchema, key, "idempotency-key");
  if (body.turn_id === undefined || body.turn_id === turnId) return turnId;
  const detail = `idempotency-key must be the turn_id where both are given, but is "${shorten(turnId)}".`;
  throw new Problem("invalid_request", detail, { field: "idempotency-key" });
}

/** @throws {Problem} `invalid_request` for a tier that there is not, or that is above the key's. */
function tierFor({ principal, body }: ChatCall, tiers: readonly string[]): string | null {
  try {
    return tierOf({ key: principal.tier, asked: body.tier, tiers });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Problem("invalid_request", error.message, { field: "tier", cause: error });
  }
}
