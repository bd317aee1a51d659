import type { CallContext } from "../fallbacks/core/context.ts";
import type { ChatEvent } from "./chat-types.ts";
import type { ChatState, ChatUpdate } from "./state.ts";

export interface NodeContext extends CallContext {
  /** Shows something to the user before the turn has ended. */
  readonly emit: (event: ChatEvent) => void;
}

/** Gets a state and returns an update; never calls another node, never changes the state in place. */
export type Node = (state: ChatState, context: NodeContext) => Promise<ChatUpdate>;
