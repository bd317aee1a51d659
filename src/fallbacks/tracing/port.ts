import type { CallContext } from "../core/context.ts";
import type { Port } from "../core/layer.ts";

export interface TurnTrace {
  readonly turnId: string;
  readonly sessionId: string;
  readonly requestId: string;
}

export interface TurnOutcome {
  readonly status: "done" | "failed";
  readonly intents: readonly string[];
  readonly servedBy: string | null;
}

/** One turn being observed. */
export interface TurnSpan {
  /** Hands the turn to a background sender; does no network on the caller's time and does not fail. */
  end(outcome: TurnOutcome): void;
}

export interface Tracing extends Port {
  /** Begins to observe a turn. Nobody waits for it: a turn costs the same with tracing away. */
  start(trace: TurnTrace, context: CallContext): Promise<TurnSpan>;
}
