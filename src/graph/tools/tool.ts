import type { z } from "zod";
import type { CallContext } from "../../fallbacks/core/context.ts";
import type { ChatState } from "../state.ts";
import type { ToolResult } from "./tool-call.ts";

export interface ToolContext extends CallContext {
  readonly state: ChatState;
  /** The same for the same call of the same turn, however often it is run: makes writes idempotent. */
  readonly operationId: string;
}

/** One thing that the agents can do. Registered in one place; both executors and the mock know it from there. */
export interface Tool<Arguments = never> {
  readonly name: string;
  /** One sentence for the planning model. */
  readonly description: string;
  readonly schema: z.ZodType<Arguments>;
  /** Changes something outside the turn; such calls come last in a plan. Default false. */
  readonly sideEffect?: boolean;
  run(args: Arguments, context: ToolContext): Promise<Omit<ToolResult, "name">>;
}
