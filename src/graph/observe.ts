import type { Clock } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import type { Layer } from "../fallbacks/core/layer.ts";
import type { Tracing, TurnTrace } from "../fallbacks/tracing/port.ts";
import type { ChatReply } from "./chat-types.ts";
import type { Turn } from "./executor.ts";

export interface ObserveDeps {
  readonly clock: Clock;
  readonly tracing: Layer<Tracing>;
  /** Whether traces hold what the user wrote and was answered. */
  readonly content: boolean;
  /** For errors that nobody waits for. */
  readonly report: (error: unknown, fields: object) => void;
}

export interface Observed {
  /** `reply`: what the user was answered; absent when the turn failed. */
  end(turn: Turn, reply?: ChatReply): void;
}

/** Hands a turn to the tracing layer: at its start, so that an outage of that layer is in the receipt, and whole at its end. Nobody waits for either. */
export function createObserve({ clock, tracing, content, report }: ObserveDeps) {
  return (begun: Omit<TurnTrace, "startedAt" | "message">, message: string, context: CallContext): Observed => {
    const trace: TurnTrace = { ...begun, startedAt: clock.wall(), message: content ? message : null };
    const started = tracing.use((port, limited) => port.start(trace, limited), context);
    started.catch((error: unknown) => {
      // A client who leaves at once is no trouble of tracing.
      if (!context.signal.aborted) report(error, { turnId: trace.turnId, doing: "tracing" });
    });
    return {
      end(turn, reply) {
        const attempts = context.trail
          .attempts()
          .filter(({ layer }) => layer === "llm")
          .map(({ layer: _layer, step, ...attempt }) => ({ ...attempt, node: step }));
        const outcome = {
          status: reply ? ("done" as const) : ("failed" as const),
          endedAt: clock.wall(),
          intents: reply?.intents ?? [],
          servedBy: reply?.servedBy ?? null,
          reply: content && reply ? reply.reply : null,
          nodes: [...turn.runs],
          attempts,
          degradation: [...context.trail.list()],
          grounding: reply?.grounding ?? null,
        };
        // A turn that ends before its start was heard of is ended all the same.
        void started.then(
          ({ value }) => value.end(outcome),
          () => {},
        );
      },
    };
  };
}
