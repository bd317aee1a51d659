/** The library: what another application may use of this package. */
export type { ErrorClass } from "./fallbacks/core/errors.ts";
export type { LayerEvent } from "./fallbacks/core/events.ts";
export type { CandidateStatus, LayerStatus } from "./fallbacks/core/status.ts";
export {
  DegradingEmbeddings,
  type EmbeddedDocuments,
  type EmbeddedQuery,
  type KnownSpace,
} from "./langchain/degrading-embeddings.ts";
export { SpaceUnavailableError } from "./langchain/degrading-embeddings-error.ts";
export type {
  DegradingCallOptions,
  DegradingEmbeddingsOptions,
  DegradingMember,
  DegradingPolicy,
  EmbeddingsLike,
  LangChainMember,
  LocalMember,
  SpaceChange,
} from "./langchain/degrading-embeddings-options.ts";
export { type FailoverCallOptions, FailoverChatModel } from "./langchain/failover-chat-model.ts";
export { type FailoverAttempt, FailoverError, type FailoverMetadata } from "./langchain/failover-error.ts";
export type { ChatModelLike, FailoverMember, FailoverOptions, FailoverPolicy } from "./langchain/policy.ts";
