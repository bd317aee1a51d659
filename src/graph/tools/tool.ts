import type { z } from "zod";
import type { CallContext } from "../../fallbacks/core/context.ts";
import type { ChatState } from "../state.ts";
import type { ToolResult } from "./tool-call.ts";

export interface ToolContext extends CallContext {
  readonly state: ChatState;
  /** The same for the same call of the same turn, however often it is run: makes writes idempotent. Of a change that wants a yes: its own. */
  readonly operationId: string;
}

export interface Confirmation<Arguments> {
  /** The argument that names the record which is changed. */
  readonly record: string;
  /** Shows what would be done, and changes nothing: `offered` when it can be confirmed. */
  propose(args: Arguments, context: ToolContext): Promise<Omit<ToolResult, "name">>;
}

/** One thing that the agents can do. Registered in one place; both executors and the mock know it from there. */
export interface Tool<Arguments = never> {
  readonly name: string;
  /** One sentence for the planning model. */
  readonly description: string;
  readonly schema: z.ZodType<Arguments>;
  /** Changes something outside the turn; such calls come last in a plan. Default false. */
  readonly sideEffect?: boolean;
  /** Set for a tool that runs only after the user has said yes to what was shown. */
  readonly confirmation?: Confirmation<Arguments>;
  run(args: Arguments, context: ToolContext): Promise<Omit<ToolResult, "name">>;
}
