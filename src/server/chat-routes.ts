import type { z } from "zod";
import type { ChatEvent, ChatRequest } from "../graph/chat-types.ts";
import type { ProblemCode } from "../problems.ts";
import { jsonBody } from "./body.ts";
import { replyJson } from "./chat-json.ts";
import { chatReplySchema, chatRequestSchema } from "./chat-schemas.ts";
import { createEventStream, type EventStream } from "./event-stream.ts";
import { reportProblem } from "./problem-handler.ts";
import { degradedHeader, headerName } from "./receipt-headers.ts";
import { type Admitted, defineRoute, type Route } from "./route.ts";
import type { ServerDeps } from "./server-deps.ts";
import { createTurnLimit } from "./turn-limit.ts";

const problems: readonly ProblemCode[] = [
  "session_not_found",
  "turn_conflict",
  "too_many_turns",
  "model_unavailable",
  "shutting_down",
];

export function chatRoutes(deps: ServerDeps): readonly Route[] {
  const { chat, settings, clock, log } = deps;
  const schema = chatRequestSchema(settings.maxDeadlineMs);
  const body = jsonBody(schema, settings.maxBodyBytes.chat);
  const turns = createTurnLimit(settings.turnsAtOnce);

  return [
    defineRoute({
      method: "post",
      path: "/api/v1/chat",
      role: "user",
      summary: "Ask something; the answer comes whole",
      body,
      answer: { status: 200, description: "The answer with its sources and its receipt", schema: chatReplySchema },
      problems,
      async handle(call) {
        const leave = turns.enter(call.callerKey);
        try {
          const reply = await chat.run(chatRequest(call, call.body));
          const headers: Record<string, string> = { "x-served-by": headerName(reply.servedBy) };
          if (reply.degradation.length > 0) headers["x-degraded"] = degradedHeader(reply.degradation);
          return { json: replyJson(reply), headers };
        } finally {
          leave();
        }
      },
    }),
    defineRoute({
      method: "post",
      path: "/api/v1/chat/stream",
      role: "user",
      summary: "Ask something; the answer comes as it is written",
      body,
      answer: {
        status: 200,
        description:
          "Events: `meta`, `token` any number of times, `restart` when the text so far is void, then one `done` (the " +
          "whole JSON of the other route) or `error` (a problem). Before the first event errors are ordinary problems.",
        type: "text/event-stream",
      },
      problems,
      async handle(call): Promise<"sent"> {
        const leave = turns.enter(call.callerKey);
        const stream = createEventStream(call.response, { clock });
        try {
          const reply = await chat.run(chatRequest(call, call.body), (event) => forward(event, stream));
          if (!stream.started) forward({ type: "meta", sessionId: reply.sessionId, turnId: reply.turnId }, stream);
          stream.end("done", replyJson(reply));
        } catch (error) {
          if (!stream.started) throw error;
          stream.end("error", reportProblem(error, call.context.requestId, log));
        } finally {
          leave();
        }
        return "sent";
      },
    }),
  ];
}

function chatRequest(call: Admitted, body: z.output<ReturnType<typeof chatRequestSchema>>): ChatRequest {
  return {
    requestId: call.context.requestId,
    owner: { keyId: call.principal.keyId, user: body.user ?? "guest" },
    message: body.message,
    signal: call.context.signal,
    ...(body.session_id === undefined ? {} : { sessionId: body.session_id }),
    ...(body.turn_id === undefined ? {} : { turnId: body.turn_id }),
    ...(body.deadline_ms === undefined ? {} : { deadlineMs: body.deadline_ms }),
  };
}

function forward(event: ChatEvent, stream: EventStream): void {
  switch (event.type) {
    case "meta":
      return stream.send("meta", { session_id: event.sessionId, turn_id: event.turnId });
    case "token":
      return stream.send("token", { text: event.text, by: event.by });
    case "restart":
      return stream.send("restart", { by: event.by });
  }
}
