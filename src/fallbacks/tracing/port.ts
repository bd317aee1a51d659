import type { CallContext } from "../core/context.ts";
import type { Port } from "../core/layer.ts";

export interface TurnTrace {
  readonly turnId: string;
  readonly sessionId: string;
  readonly requestId: string;
}

export interface Tracing extends Port {
  /** Hands a finished turn to the background sender; does no network on the caller's time. */
  turn(trace: TurnTrace, context: CallContext): Promise<void>;
}
