import type { Owner } from "../conversations/conversations.ts";
import type { Degradation } from "../fallbacks/core/status.ts";
import type { Source } from "../retrieval/knowledge.ts";
import type { Card } from "./card.ts";
import type { GivenTurn } from "./given-history.ts";
import type { Grounding } from "./grounding.ts";
import type { Intent } from "./language.ts";
import type { Related } from "./related.ts";

export interface ChatRequest {
  readonly requestId: string;
  readonly owner: Owner;
  readonly message: string;
  readonly sessionId?: string;
  /** Given by the client, or absent for a new one. */
  readonly turnId?: string;
  /** Milliseconds; at most the configured deadline. */
  readonly deadlineMs?: number;
  /** Which list of models may answer; null or absent: the one for everybody. */
  readonly tier?: string | null;
  /** Of whoever asks: decide which documents may answer. Default: none. */
  readonly roles?: ReadonlySet<string>;
  /**
   * What was said before, oldest first, where the client keeps the conversation. It stands in the place of the session's own
   * history and memory, and is not saved.
   */
  readonly given?: readonly GivenTurn[];
  /**
   * Hears once, when a turn that was begun has ended in whatever way, of the tokens that its calls of models took, as far as they are
   * known: of a call that was broken off, those of the text that came.
   */
  readonly spent?: (tokens: number) => void;
  /** `Cluster.instance` of a process that is known not to run this turn any more, whatever the cluster says of it. */
  readonly gone?: string;
  /** Aborted when the client has gone; with a `Problem` `shutting_down` as its reason the turn is kept as interrupted. */
  readonly signal: AbortSignal;
}

/** What a stream shows before its end. */
export type ChatEvent =
  | { readonly type: "meta"; readonly sessionId: string; readonly turnId: string }
  | { readonly type: "token"; readonly text: string; readonly by: string }
  /** The text so far is void: another model starts over. */
  | { readonly type: "restart"; readonly by: string };

export interface ChatReply {
  readonly sessionId: string;
  readonly turnId: string;
  readonly reply: string;
  readonly intents: readonly [Intent, ...Intent[]];
  readonly sources: readonly Source[];
  /** Where the answer may be to what was refused: places to look at, at most three, none that is a source. */
  readonly related: readonly Related[];
  /** The degradation receipt. */
  readonly degradation: readonly Degradation[];
  /** Configured name of the model that wrote the reply. */
  readonly servedBy: string;
  readonly escalation: Card | null;
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number };
  readonly durability: "disk" | "memory";
  /** Of a reply that a model wrote from help pages. */
  readonly grounding?: Grounding;
}

/** The one path of a turn: JSON, streams and background turns all go through it. */
export interface Chat {
  /**
   * Load, execute, save, present. `emit` gets `meta` first, then tokens.
   * @throws {Problem} `session_not_found`, `turn_conflict`, `too_many_turns`, `deadline_exceeded`, `store_unavailable`,
   * `model_unavailable`, `message_refused`, `shutting_down`.
   * @throws {TurnElsewhere} another process is answering this turn now.
   */
  run(request: ChatRequest, emit?: (event: ChatEvent) => void): Promise<ChatReply>;
}
