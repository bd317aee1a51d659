import type { CallContext } from "../fallbacks/core/context.ts";
import type { Page } from "../fallbacks/core/page.ts";
import type { Json } from "../fallbacks/store/port.ts";

/** Who a session belongs to: the key that made it and the user whom that key named. */
export interface Owner {
  readonly keyId: string;
  readonly user: string;
}

export interface SessionInfo {
  readonly sessionId: string;
  /** The first message, shortened to 80 characters. */
  readonly title: string;
  readonly turns: number;
  /** ISO times. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface Turn {
  readonly turnId: string;
  /** 1 for the first of the session. */
  readonly seq: number;
  readonly message: string;
  readonly status: "running" | "done" | "failed";
  /** ISO time of the user's message. */
  readonly at: string;
  /** The whole reply as it was given, once done; JSON of the caller's making. */
  readonly reply: Json;
}

/** A session being written to. `memory` is JSON of the caller's making, kept between turns. */
export interface OpenTurn {
  readonly sessionId: string;
  readonly turn: Turn;
  readonly memory: Json;
  /** The last turns that are done, oldest first, at most `recent`. */
  readonly history: readonly Turn[];
}

export interface BeginTurn {
  readonly owner: Owner;
  /** Absent: a new session. */
  readonly sessionId?: string;
  readonly turnId: string;
  readonly message: string;
  /** How many past turns to return, 0 to 50. */
  readonly recent: number;
}

/** Append-only turns in sessions; a session of somebody else does not exist. */
export interface Conversations {
  /**
   * Saves the user's message before anything else happens. When the same `turnId` was saved before with the same message,
   * returns that turn as `again`, done or running; one that had failed runs once more, in its old place.
   * @throws {Problem} `session_not_found`; `turn_conflict` when the turn id was used for another message.
   */
  begin(
    request: BeginTurn,
    context: CallContext,
  ): Promise<{ readonly open: OpenTurn } | { readonly again: Turn; readonly sessionId: string }>;
  /** The session in which the owner used this turn id before. */
  sessionOf(owner: Owner, turnId: string, context: CallContext): Promise<string | undefined>;
  /** Saves the outcome with the session's new memory, in one operation; idempotent. */
  finish(
    open: OpenTurn,
    outcome: { readonly status: "done" | "failed"; readonly reply: Json; readonly memory: Json },
    context: CallContext,
  ): Promise<void>;
  /** Newest first. */
  list(
    owner: Owner,
    page: { readonly after?: string; readonly limit: number },
    context: CallContext,
  ): Promise<Page<SessionInfo>>;
  /** A page of turns, oldest first. @throws {Problem} `session_not_found`. */
  turns(
    owner: Owner,
    sessionId: string,
    page: { readonly after?: string; readonly limit: number },
    context: CallContext,
  ): Promise<SessionInfo & Page<Turn>>;
  /** Deletes the session with its turns. @throws {Problem} `session_not_found`. */
  remove(owner: Owner, sessionId: string, context: CallContext): Promise<void>;
}
