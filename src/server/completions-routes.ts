import type { ChatRequest } from "../graph/chat-types.ts";
import { Problem, type ProblemCode } from "../problems.ts";
import { jsonBody } from "./body.ts";
import { completionHead, completionJson } from "./completions-json.ts";
import { turnOf } from "./completions-request.ts";
import { type CompletionBody, completionAnswerSchema, completionSchema } from "./completions-schema.ts";
import { createCompletionStream } from "./completions-stream.ts";
import { modelsRoutes } from "./openai-models.ts";
import { reportProblem } from "./problem-handler.ts";
import { degradedHeader, headerName } from "./receipt-headers.ts";
import { type Admitted, defineRoute, type Route } from "./route.ts";
import type { ServerDeps } from "./server-deps.ts";
import { type TurnLimit, turnProblems } from "./turn-limit.ts";

/** A history is longer than a question. */
const MOST_BYTES = 1_000_000;

const problems: readonly ProblemCode[] = ["not_found", ...turnProblems];

/**
 * The OpenAI protocol, https://platform.openai.com/docs/api-reference/chat, for the one path of a turn.
 * @param turns the same for every route that runs turns.
 */
export function completionsRoutes(deps: ServerDeps, turns: TurnLimit): readonly Route[] {
  const { chat, clock, log, tiers } = deps;
  const body = jsonBody(completionSchema(), MOST_BYTES);

  async function whole(request: ChatRequest, model: string) {
    const at = clock.wall();
    const reply = await chat.run(request);
    const headers: Record<string, string> = { "x-served-by": headerName(reply.servedBy) };
    if (reply.degradation.length > 0) headers["x-degraded"] = degradedHeader(reply.degradation);
    return { json: completionJson(completionHead(reply.turnId, at, model), reply), headers };
  }

  async function streamed({ response, context }: Admitted, request: ChatRequest, body: CompletionBody) {
    const at = clock.wall();
    const stream = createCompletionStream(response, { clock, usage: body.stream_options?.include_usage === true });
    const headOf = (turnId: string) => completionHead(turnId, at, body.model);
    const givenUp = new AbortController();
    const signal = AbortSignal.any([request.signal, givenUp.signal]);
    const fail = (error: unknown) => stream.fail(reportProblem(error, context.requestId, log));
    let head = headOf("");
    try {
      const reply = await chat.run({ ...request, signal }, (event) => {
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
        const leave = turns.enter(call.callerKey);
        try {
          return await (call.body.stream ? streamed(call, request, call.body) : whole(request, call.body.model));
        } finally {
          leave();
        }
      },
    }),
    ...modelsRoutes({ tiers, clock }),
  ];
}

/** Models are never spliced, and what was sent cannot be taken back. */
function brokenOff(): Problem {
  return new Problem("model_unavailable", "The answer was broken off and what came of it is void; ask again.");
}
