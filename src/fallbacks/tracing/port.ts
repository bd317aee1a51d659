import type { CallContext } from "../core/context.ts";
import type { ErrorClass } from "../core/errors.ts";
import type { Port } from "../core/layer.ts";
import type { Degradation } from "../core/status.ts";

/** What is known of a turn when it begins. */
export interface TurnTrace {
  /** Unique among all turns of all users. */
  readonly turnId: string;
  readonly sessionId: string;
  readonly requestId: string;
  readonly user: string;
  readonly startedAt: Date;
  /** What the user wrote; null where content is not traced. */
  readonly message: string | null;
}

/** One run of one node of the graph. */
export interface NodeRun {
  readonly name: string;
  readonly startedAt: Date;
  readonly endedAt: Date;
  /** An error class or a short text without content of the turn; null when the node succeeded. */
  readonly error: string | null;
}

/** One call of one model port, also of one that failed and was followed by the next. */
export interface ModelAttempt {
  /** Configured name of the model port. */
  readonly by: string;
  /** The node that asked; null when it is not known. */
  readonly node: string | null;
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly errorClass: ErrorClass | null;
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number } | null;
}

/** All that was learned of a turn, handed over once, at its end. */
export interface TurnOutcome {
  readonly status: "done" | "failed";
  readonly endedAt: Date;
  readonly intents: readonly string[];
  readonly servedBy: string | null;
  /** What the user was answered; null when there is none or where content is not traced. */
  readonly reply: string | null;
  readonly nodes: readonly NodeRun[];
  readonly attempts: readonly ModelAttempt[];
  readonly degradation: readonly Pick<Degradation, "layer" | "by" | "mode" | "reason">[];
  /** Sentences of a model that were held against the help pages; null: none was. */
  readonly grounding: { readonly checked: number; readonly dropped: number; readonly doubted: number } | null;
}

/** One turn being observed. */
export interface TurnSpan {
  /** Hands the turn to a background sender; does no network on the caller's time and does not fail. Only the first end counts. */
  end(outcome: TurnOutcome): void;
}

export interface Tracing extends Port {
  /**
   * Begins to observe a turn. Nobody waits for it: a turn costs the same with tracing away.
   * @throws {LayerError} what was learned last of the server, so that an outage is seen although nobody waits.
   */
  start(trace: TurnTrace, context: CallContext): Promise<TurnSpan>;
  /** Of a port that sends in the background: turns that wait or are on their way, and turns lost since the start. */
  backlog?(): { readonly operations: number; readonly dropped: number };
}
