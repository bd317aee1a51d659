/** The library: what another application may use of this package. */
export type { ErrorClass } from "./fallbacks/core/errors.ts";
export type { LayerEvent } from "./fallbacks/core/events.ts";
export type { CandidateStatus, LayerStatus } from "./fallbacks/core/status.ts";
export { type FailoverCallOptions, FailoverChatModel } from "./langchain/failover-chat-model.ts";
export { type FailoverAttempt, FailoverError, type FailoverMetadata } from "./langchain/failover-error.ts";
export type { ChatModelLike, FailoverMember, FailoverOptions, FailoverPolicy } from "./langchain/policy.ts";
