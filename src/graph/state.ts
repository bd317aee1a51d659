import type { Unanswered } from "../conversations/conversations.ts";
import type { Source } from "../retrieval/knowledge.ts";
import type { Card } from "./card.ts";
import type { Grounding } from "./grounding.ts";
import type { Emotion, Intent, Language } from "./language.ts";
import type { Related } from "./related.ts";
import type { ToolCall, ToolResult } from "./tools/tool-call.ts";

/** What messages name, as later ones may mean it without repeating it. */
export interface Numbers {
  readonly orderId?: string;
  readonly returnId?: string;
  readonly ticketId?: string;
  readonly contact?: string;
}

/** A change in the business system as it was shown to the user. A type, not an interface, so that it is JSON. */
export type Change = {
  readonly tool: string;
  readonly arguments: Readonly<Record<string, string>>;
  /** The one name under which it is sent, however often: it was made for these arguments and is used for no others. */
  readonly operationId: string;
  /** ISO wall-clock time at which it was last shown. */
  readonly shownAt: string;
};

/** Facts from earlier turns; the numbers are emptied when the topic switches. */
export interface Slots extends Numbers {
  /** What the last reply asked a yes for. */
  readonly offer?: Change;
  /** Changes that were sent and not clearly answered, oldest first. */
  readonly unconfirmed?: readonly Change[];
}

export interface PastTurn {
  readonly user: string;
  readonly bot: string;
  readonly intent: Intent;
}

export interface Recognition {
  /** At least one, in the order of the message. */
  readonly intents: readonly [Intent, ...Intent[]];
  readonly emotion: Emotion;
  /** 1 (calm) to 5. */
  readonly emotionScore: number;
  readonly topicSwitch: boolean;
  readonly language: Language;
}

export interface Reply {
  readonly text: string;
  readonly sources: readonly Source[];
  /** Where the answer may be to what was refused; at most three. */
  readonly related: readonly Related[];
  /** What the knowledge base had no answer to. Absent: it was not asked, or answered. */
  readonly unanswered?: readonly Unanswered[];
  /** False when the turn did not give the user what was asked: counts towards a hand-off. */
  readonly resolved: boolean;
  /** Configured name of the model that wrote it. */
  readonly by: string;
  /** What came of holding it against what came back; absent where nothing was to be checked. */
  readonly grounding?: Grounding;
}

/** All fields of a turn. Nodes read them and return updates; nobody changes them in place. */
export interface ChatState {
  // Given at the start.
  readonly sessionId: string;
  readonly turnId: string;
  /** Number of this turn in its session, 1 for the first. */
  readonly seq: number;
  /** Who asks: the business system knows them by this name. */
  readonly user: string;
  /** Whose tickets and hand-offs these are: the key together with the user that it names. */
  readonly owner: string;
  readonly message: string;
  /** The last 5 turns, oldest first. */
  readonly history: readonly PastTurn[];
  readonly slots: Slots;
  /** Turns in a row, before this one, that did not resolve anything. */
  readonly failures: number;
  // Filled by the nodes.
  readonly recognition: Recognition | null;
  readonly calls: readonly ToolCall[];
  readonly results: readonly ToolResult[];
  readonly reply: Reply | null;
  readonly card: Card | null;
  readonly tokens: { readonly input: number; readonly output: number };
}

export type ChatUpdate = Partial<
  Pick<ChatState, "slots" | "recognition" | "calls" | "results" | "reply" | "card" | "tokens">
>;

/** How an update changes a field, the same for both executors; every field that is not here is replaced. */
export const reducers = {
  tokens: (old: ChatState["tokens"], add: ChatState["tokens"]): ChatState["tokens"] => ({
    input: old.input + add.input,
    output: old.output + add.output,
  }),
};

export const fields = [
  "sessionId",
  "turnId",
  "seq",
  "user",
  "owner",
  "message",
  "history",
  "slots",
  "failures",
  "recognition",
  "calls",
  "results",
  "reply",
  "card",
  "tokens",
] as const satisfies readonly (keyof ChatState)[];

export function applyUpdate(state: ChatState, update: ChatUpdate): ChatState {
  const tokens = update.tokens ? reducers.tokens(state.tokens, update.tokens) : state.tokens;
  return { ...state, ...update, tokens };
}
