import type { ChatEvent, ChatReply, ChatRequest } from "../graph/chat-types.ts";
import { Problem, type ProblemCode } from "../problems.ts";
import { jsonBody } from "./body.ts";
import { completionHead, completionJson } from "./completions-json.ts";
import { turnOf } from "./completions-request.ts";
import { type CompletionBody, completionAnswerSchema, completionSchema } from "./completions-schema.ts";
import { createCompletionStream } from "./completions-stream.ts";
import { createDrain, createDrainedChat } from "./drain.ts";
import { modelsRoutes } from "./openai-models.ts";
import { reportProblem } from "./problem-handler.ts";
import { degradedHeader, headerName } from "./receipt-headers.ts";
import { type Admitted, defineRoute, type Route } from "./route.ts";
import type { TurnDeps } from "./turn-deps.ts";
import { type TurnLimit, turnProblems } from "./turn-limit.ts";
import { createTurnStreams, type TurnAsk } from "./turn-streams.ts";

/** A history is longer than a question. */
const MOST_BYTES = 1_000_000;

const problems: readonly ProblemCode[] = ["not_found", ...turnProblems];

/**
 * The OpenAI protocol, https://platform.openai.com/docs/api-reference/chat, for the one path of a turn.
 * @param turns the same for every route that runs turns.
 */
export function completionsRoutes(deps: TurnDeps, turns: TurnLimit): readonly Route[] {
  const { clock, log, tiers, settings, drain = createDrain() } = deps;
  const { streams = createTurnStreams({ ...deps, drain }) } = deps;
  const chat = createDrainedChat(deps.chat, drain);
  const body = jsonBody(completionSchema(), MOST_BYTES);

  /**
   * One that has a key is joined while it runs, by whichever protocol and in whichever process. Whoever joins gets the answer whole,
   * as it has no place in the protocol to say how much of it was there before.
   */
  async function replyTo(
    call: Admitted,
    request: ChatRequest,
    emit: (event: ChatEvent) => void = () => {},
  ): Promise<ChatReply> {
    const { owner, message, turnId } = request;
    const run: TurnAsk["run"] = async (signal, show, gone) => {
      const leave = turns.enter(call.callerKey);
      const hear = (event: ChatEvent) => {
        show(event);
        emit(event);
      };
      try {
        return await chat.run({ ...request, signal, ...(gone !== undefined && { gone }) }, hear);
      } finally {
        leave();
      }
    };
    if (turnId === undefined) return run(request.signal, () => {});
    const report = (error: unknown) => reportProblem(error, request.requestId, log);
    const waitMs = settings.maxDeadlineMs;
    const ask: TurnAsk = { owner, message, sessionId: undefined, turnId, waitMs, run, report };
    const end = await streams.follow(ask, { signal: request.signal });
    if ("error" in end) throw end.error;
    return end.reply;
  }

  async function whole(call: Admitted, request: ChatRequest, model: string) {
    const at = clock.wall();
    const reply = await replyTo(call, request);
    const headers: Record<string, string> = { "x-served-by": headerName(reply.servedBy) };
    if (reply.degradation.length > 0) headers["x-degraded"] = degradedHeader(reply.degradation);
    return { json: completionJson(completionHead(reply.turnId, at, model), reply), headers };
  }

  async function streamed(call: Admitted, request: ChatRequest, body: CompletionBody) {
    const { response, context } = call;
    const at = clock.wall();
    const stream = createCompletionStream(response, { clock, usage: body.stream_options?.include_usage === true });
    const headOf = (turnId: string) => completionHead(turnId, at, body.model);
    const givenUp = new AbortController();
    const signal = AbortSignal.any([request.signal, givenUp.signal]);
    const fail = (error: unknown) => stream.fail(reportProblem(error, context.requestId, log));
    let head = headOf("");
    try {
      const reply = await replyTo(call, { ...request, signal }, (event) => {
        if (event.type === "meta") head = headOf(event.turnId);
        else if (event.type === "token") stream.text(head, event.text, event.by);
        else if (stream.hasText) {
          fail(brokenOff());
          // Nobody would see the rest, so nobody shall pay for it.
          givenUp.abort(new Error("the answer was broken off"));
        }
      });
      if (!stream.finish(headOf(reply.turnId), reply)) fail(brokenOff());
    } catch (error) {
      if (!stream.started) {
        stream.drop();
        throw error;
      }
      fail(error);
    }
    return "sent" as const;
  }

  return [
    defineRoute({
      method: "post",
      path: "/v1/chat/completions",
      runsTurns: true,
      role: "user",
      summary: "Ask something in the OpenAI protocol",
      body,
      answer: {
        status: 200,
        description:
          "The answer; with `stream`, `chat.completion.chunk` as server-sent events, then `[DONE]`. A stream that ends with " +
          "an `error` and without `[DONE]` was broken off: its text is void. Errors have the shape of the protocol.",
        schema: completionAnswerSchema,
      },
      problems,
      async handle(call) {
        const request = turnOf(call, call.body, tiers());
        return call.body.stream ? streamed(call, request, call.body) : whole(call, request, call.body.model);
      },
    }),
    ...modelsRoutes({ tiers, clock }),
  ];
}

/** Models are never spliced, and what was sent cannot be taken back. */
function brokenOff(): Problem {
  return new Problem("model_unavailable", "The answer was broken off and what came of it is void; ask again.");
}
