import type { ModelAttempt, NodeRun, TurnOutcome, TurnTrace } from "./port.ts";

interface Event<Type extends string, Body> {
  readonly type: Type;
  /** Langfuse takes an event of one id once, so an event keeps its id however often it is sent. */
  readonly id: string;
  readonly timestamp: string;
  readonly body: Body;
}

interface ObservationBody {
  readonly id: string;
  readonly traceId: string;
  readonly parentObservationId?: string;
  readonly name: string;
  readonly startTime: string;
  readonly endTime: string;
  readonly level?: "ERROR";
  readonly statusMessage?: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

interface GenerationBody extends ObservationBody {
  readonly model: string;
  readonly usageDetails?: Record<string, number>;
}

interface TraceBody {
  readonly id: string;
  readonly timestamp: string;
  readonly name: string;
  readonly userId: string;
  readonly sessionId: string;
  readonly input?: string;
  readonly output?: string;
  // Langfuse's own type wants it mutable.
  readonly tags: string[];
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** What Langfuse's ingestion takes, as far as we send it. */
export type TraceEvent =
  | Event<"trace-create", TraceBody>
  | Event<"span-create", ObservationBody>
  | Event<"generation-create", GenerationBody>;

/**
 * A trace for the turn, a span for each run of a node and a generation for each call of a model, under the run of the node
 * that made it where that is known. The ids follow from the turn and its start, so that the same turn gives the same events,
 * while a turn that failed and was asked again adds to its trace. Metadata has the names of OpenTelemetry's GenAI conventions.
 */
export function turnEvents(turn: TurnTrace, outcome: TurnOutcome): readonly TraceEvent[] {
  const prefix = `${turn.turnId}-${turn.startedAt.getTime().toString(36)}`;
  const timestamp = outcome.endedAt.toISOString();
  const spanId = (index: number) => `${prefix}-node-${index}`;
  const spans = outcome.nodes.map((run, index): TraceEvent => {
    const id = spanId(index);
    return { type: "span-create", id, timestamp, body: { id, traceId: turn.turnId, ...spanBody(run) } };
  });
  const generations = outcome.attempts.map((attempt, index): TraceEvent => {
    const id = `${prefix}-model-${index}`;
    const parent = parentOf(attempt, outcome.nodes);
    const body = {
      id,
      traceId: turn.turnId,
      ...(parent !== undefined && { parentObservationId: spanId(parent) }),
      ...generationBody(attempt),
    };
    return { type: "generation-create", id, timestamp, body };
  });
  return [{ type: "trace-create", id: prefix, timestamp, body: traceBody(turn, outcome) }, ...spans, ...generations];
}

function traceBody(turn: TurnTrace, outcome: TurnOutcome): TraceBody {
  const { status, intents, servedBy, degradation, endedAt, grounding } = outcome;
  const failed = status === "failed" ? [status] : [];
  return {
    id: turn.turnId,
    timestamp: turn.startedAt.toISOString(),
    name: "turn",
    userId: turn.user,
    sessionId: turn.sessionId,
    ...(turn.message !== null && { input: turn.message }),
    ...(outcome.reply !== null && { output: outcome.reply }),
    tags: [...failed, ...intents, ...degradation.map(({ layer }) => `degraded:${layer}`)],
    metadata: {
      "gen_ai.operation.name": "invoke_agent",
      "gen_ai.conversation.id": turn.sessionId,
      request_id: turn.requestId,
      status,
      intents,
      served_by: servedBy,
      duration_ms: endedAt.getTime() - turn.startedAt.getTime(),
      degradation: degradation.map(({ layer, by, mode, reason }) => ({ layer, by, mode, reason })),
      ...(grounding && { grounding: { ...grounding } }),
    },
  };
}

function spanBody(run: NodeRun): Omit<ObservationBody, "id" | "traceId"> {
  return {
    name: run.name,
    startTime: run.startedAt.toISOString(),
    endTime: run.endedAt.toISOString(),
    ...failure(run.error),
    metadata: { "gen_ai.agent.name": run.name, ...(run.error !== null && { "error.type": run.error }) },
  };
}

function generationBody(attempt: ModelAttempt): Omit<GenerationBody, "id" | "traceId"> {
  const { by, errorClass, usage } = attempt;
  return {
    name: `chat ${by}`,
    model: by,
    startTime: attempt.startedAt.toISOString(),
    endTime: attempt.endedAt.toISOString(),
    ...failure(errorClass),
    ...(usage && { usageDetails: { input: usage.inputTokens, output: usage.outputTokens } }),
    metadata: {
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": by,
      ...(usage && {
        "gen_ai.usage.input_tokens": usage.inputTokens,
        "gen_ai.usage.output_tokens": usage.outputTokens,
      }),
      ...(errorClass !== null && { "error.type": errorClass }),
    },
  };
}

function failure(text: string | null): Pick<ObservationBody, "level" | "statusMessage"> {
  return text === null ? {} : { level: "ERROR", statusMessage: text };
}

/** A node may run more than once: the run during which the attempt began; the last one when the wall clock was set. */
function parentOf(attempt: ModelAttempt, nodes: readonly NodeRun[]): number | undefined {
  const runs = nodes.map((run, index) => ({ run, index })).filter(({ run }) => run.name === attempt.node);
  const during = runs.find(({ run }) => run.startedAt <= attempt.startedAt && attempt.startedAt <= run.endedAt);
  return (during ?? runs.at(-1))?.index;
}
