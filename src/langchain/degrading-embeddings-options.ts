import type { Clock, Random } from "../fallbacks/core/clock.ts";
import type { LayerEvent } from "../fallbacks/core/events.ts";
import type { TransformersEmbeddingsOptions } from "../fallbacks/embeddings/transformers.ts";
import type { FailoverPolicy } from "./policy.ts";

/** Anything that embeds as LangChain's `Embeddings` do. */
export interface EmbeddingsLike {
  embedDocuments(documents: string[]): Promise<number[][]>;
  embedQuery(document: string): Promise<number[]>;
}

/** How long to wait for whom, and when to leave whom alone, as a `FailoverChatModel` does. All times are whole milliseconds. */
export interface DegradingPolicy
  extends Pick<
    FailoverPolicy,
    "maxAttempts" | "timeoutMs" | "deadlineMs" | "cooldownMs" | "parkedMs" | "failureThreshold"
  > {
  /** Longest call for documents in all, 1 to 3 600 000. Default 600 000. `timeout` of a call stands before it. */
  readonly documentsMs?: number;
  /** Texts in one request, 1 to 2 048. Default 64. */
  readonly batchSize?: number;
}

interface MemberPolicy extends Pick<DegradingPolicy, "timeoutMs" | "batchSize"> {
  /** Shown as `by`. Default: the name of the model, with a number where two are called the same. */
  readonly name?: string;
  /**
   * Embeddings with the same label embed with the same model, so that their vectors may stand beside each other: another provider or
   * another key of it. Default: nobody else's vectors are like theirs.
   */
  readonly space?: string;
}

/** Embeddings of LangChain, and where they differ from the policy. */
export interface LangChainMember extends MemberPolicy {
  readonly embeddings: EmbeddingsLike;
}

/** A model of transformers.js that runs in a process of its own. Needs the package `@xenova/transformers`. */
export interface LocalMember
  extends MemberPolicy,
    Pick<TransformersEmbeddingsOptions, "revision" | "dtype" | "mirrorUrl" | "localDirectory" | "offline"> {
  /** The model's id, such as `Xenova/all-MiniLM-L6-v2`. */
  readonly model: string;
  /** Address of a hub as huggingface.co, which is the default; null: no call to a hub. */
  readonly hubUrl?: string | null;
  /** Where downloaded files are kept. Default `.cache/understudy/models` in the home directory. */
  readonly cacheDirectory?: string;
}

export type DegradingMember = EmbeddingsLike | LangChainMember | LocalMember;

/** A call was served in another space than the one before it. */
export interface SpaceChange {
  readonly kind: "documents" | "query";
  readonly from: string;
  readonly to: string;
  /** Who serves now. */
  readonly by: string;
}

export interface DegradingEmbeddingsOptions extends DegradingPolicy {
  /** In the order in which they are asked; at least one, unless the feature hash stands alone. */
  readonly embeddings: readonly DegradingMember[];
  /** The feature hash, which needs no model and no network, stands behind all of them. Default true. */
  readonly hash?: boolean | { readonly dimension: number };
  /**
   * `one`: `embedDocuments` and `embedQuery` give vectors of one space only, and throw when it cannot serve. `any`: they give what the
   * first gives that can serve, of whatever space; only for vectors that are compared with those of the same call. Default `one`.
   */
  readonly spaces?: "one" | "any";
  /** With `one`: the space, as it was reported when the vectors were stored. Default: that of the first embeddings. */
  readonly space?: string;
  /** Hears of attempts, failovers, rests and breakers. Must be quick and must not throw. */
  readonly onEvent?: (event: LayerEvent) => void;
  /** Hears when a call that may be served in several spaces is served in another one than the last. Must be quick and must not throw. */
  readonly onSpaceChange?: (change: SpaceChange) => void;
  /** For tests. */
  readonly clock?: Clock;
  /** For tests. */
  readonly random?: Random;
}

/** Of one call. */
export interface DegradingCallOptions {
  /** Ends the call; what a provider's package has under way is left to itself, as LangChain's embeddings take no signal. */
  readonly signal?: AbortSignal;
  /** Milliseconds for the whole call, in place of `deadlineMs` or `documentsMs`. */
  readonly timeout?: number;
  /** Only these spaces will do: those whose index is complete. Default: all. */
  readonly spaces?: readonly string[];
}
