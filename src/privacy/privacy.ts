import type { ExportedTurn, SessionInfo } from "../conversations/conversations.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import type { Job } from "../jobs/jobs.ts";
import type { Handoff } from "../support/handoffs.ts";
import type { Ticket } from "../support/tickets.ts";

/** Whose data is meant: what belongs to a key and the user whom it named; `keyId` null: to any configured key and that user. */
export interface DataScope {
  readonly keyId: string | null;
  readonly user: string;
}

/** One thing that is kept of a user. Turns follow their session. */
export type DataItem =
  | { readonly type: "session"; readonly keyId: string; readonly session: SessionInfo }
  | { readonly type: "turn"; readonly sessionId: string; readonly turn: ExportedTurn }
  | { readonly type: "ticket"; readonly keyId: string; readonly ticket: Ticket }
  | { readonly type: "handoff"; readonly keyId: string; readonly handoff: Handoff };

/** How much of each was deleted. */
export interface Erased {
  readonly sessions: number;
  readonly turns: number;
  readonly tickets: number;
  readonly handoffs: number;
}

/** What the erase job keeps as its progress, and at the end as its result. */
export interface EraseProgress extends Erased {
  /** Keys that were gone through. */
  readonly keys: number;
}

/** Everything that is kept of one user: given out, and deleted. */
export interface Privacy {
  /**
   * Reads page by page as it is asked for, so that memory is bounded. What is begun or deleted meanwhile may be there or not. The
   * context must last for all of it. @throws {LayerError} when it cannot be read.
   */
  export(scope: DataScope, context: CallContext): AsyncIterable<DataItem>;
  /**
   * Begins a job that deletes all of it: sessions, turns, tickets, hand-offs. Resolves when the job is durable; it goes on whatever
   * stops. Turns that are begun after it are not its business: whoever wants nothing new takes the key away first.
   */
  erase(scope: DataScope, context: CallContext): Promise<Job>;
  /** A job of that very scope, for 7 days after its end. Undefined: there is none of that id. */
  erasure(scope: DataScope, jobId: string, context: CallContext): Promise<Job | undefined>;
}
