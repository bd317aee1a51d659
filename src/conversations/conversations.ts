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
  /** The number of its last turn. */
  readonly turns: number;
  /** Instances that did not see one another both went on with it: some of its turns share a number. */
  readonly forked: boolean;
  /** ISO times. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface Turn {
  readonly turnId: string;
  /** 1 for the first of the session. */
  readonly seq: number;
  readonly message: string;
  /** `interrupted`: it was cut off, and nobody runs it any more. */
  readonly status: "running" | "done" | "failed" | "interrupted";
  /** `Cluster.instance` of the process that runs it, or ran it last; null for turns of an older version. */
  readonly runner: string | null;
  /** Another turn of the session has the same number: they were begun by instances that did not see one another. */
  readonly fork: boolean;
  /** ISO time of the user's message. */
  readonly at: string;
  /** The whole reply as it was given, once done; JSON of the caller's making. */
  readonly reply: Json;
}

/** A document that came near a question. A type, as the next one, so that it is JSON. */
export type NearDocument = { readonly documentId: string; readonly title: string };

/** What was asked of the knowledge base, and not answered. */
export type Unanswered = {
  /** As the knowledge base was asked: complete without the conversation. */
  readonly question: string;
  readonly language: "en" | "zh";
  /** The nearest first. */
  readonly nearest: readonly NearDocument[];
};

/** What the knowledge base was to a turn that is done. */
export type KnowledgeUse = {
  readonly unanswered: readonly Unanswered[];
  /** Ids of the documents that the reply cites, each once. */
  readonly cited: readonly string[];
};

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
  /** `Cluster.instance` of a process that is known not to run this turn any more, whatever the cluster says of it. */
  readonly gone?: string;
}

/** A known turn. `elsewhere`: another process is answering it now. */
export interface KnownTurn {
  readonly again: Turn;
  readonly sessionId: string;
  readonly elsewhere: boolean;
}

/** A turn with what else was said under its id, in processes that did not see one another. */
export interface ExportedTurn extends Turn {
  /** Questions of the user in the words in which the knowledge base was asked, where it did not answer. */
  readonly unanswered: readonly string[];
  readonly alternatives: readonly { readonly message: string; readonly reply: Json }[];
}

/** Everything of one session. `turns` reads them page by page, oldest first, as they are asked for. */
export interface ExportedSession {
  readonly session: SessionInfo;
  readonly turns: AsyncIterable<ExportedTurn>;
}

/** How much was deleted by this call. */
export interface Removed {
  readonly sessions: number;
  readonly turns: number;
}

/** Append-only turns in sessions, one at a time in each; a session of somebody else does not exist. */
export interface Conversations {
  /**
   * Saves the user's message before anything else happens. While another turn of the session is being answered, in whatever
   * process, it waits. When the same `turnId` was saved before with the same message, returns that turn as `again`, done or
   * running; one that had failed or was interrupted runs once more, in its old place.
   * @throws {Problem} `session_not_found`; `turn_conflict` when the turn id was used for another message; `deadline_exceeded`
   * when the turn before it has not ended in time; `too_many_turns` when others were faster each time until the deadline.
   * @throws {LayerError} `aborted` when the caller goes away while waiting.
   */
  begin(request: BeginTurn, context: CallContext): Promise<{ readonly open: OpenTurn } | KnownTurn>;
  /** The session in which the owner used this turn id before. */
  sessionOf(owner: Owner, turnId: string, context: CallContext): Promise<string | undefined>;
  /**
   * Saves the outcome with the session's new memory, and with the rows by which the turn is found by what the knowledge base was to it
   * (`KnowledgeUses`), in one operation; idempotent. Of a turn that was taken for interrupted
   * meanwhile, and of one that another process has answered too, the reply is kept, and the memory is left as it is. Resolves to
   * what is stored of the turn then, which may be better than this outcome; undefined: it was deleted.
   */
  finish(
    open: OpenTurn,
    outcome: {
      readonly status: "done" | "failed" | "interrupted";
      readonly reply: Json;
      readonly memory: Json;
      /** Of a turn that is done. Absent: the knowledge base was not asked, or answered without being cited. */
      readonly knowledge?: KnowledgeUse;
    },
    context: CallContext,
  ): Promise<Pick<Turn, "status" | "reply"> | undefined>;
  /** Newest first. */
  list(
    owner: Owner,
    page: { readonly after?: string; readonly limit: number },
    context: CallContext,
  ): Promise<Page<SessionInfo>>;
  /** A page of turns, oldest first, or with `reverse` newest first. @throws {Problem} `session_not_found`. */
  turns(
    owner: Owner,
    sessionId: string,
    page: { readonly after?: string; readonly limit: number; readonly reverse?: boolean },
    context: CallContext,
  ): Promise<SessionInfo & Page<Turn>>;
  /**
   * Deletes the session with its turns, in steps. From the first step on nobody sees it any more; broken off, the same call
   * goes on with it. While the store that all processes share is away it ends with the first step: `removeOlder` does the rest.
   * @throws {Problem} `session_not_found`.
   */
  remove(owner: Owner, sessionId: string, context: CallContext): Promise<void>;
  /**
   * Everything of the owner, newest session first, read page by page as it is asked for; a session that is begun or deleted
   * meanwhile may be there or not. The context must last for all of it. @throws {LayerError} when it cannot be read.
   */
  export(owner: Owner, context: CallContext): AsyncIterable<ExportedSession>;
  /** Of every session of the owner, also of one that nobody sees any more as its deletion has begun, and of one that cannot be read. */
  sessionIds(owner: Owner, context: CallContext): AsyncIterable<string>;
  /**
   * Deletes every session of the owner, also one whose deletion was broken off, and what cannot be read. Broken off itself, the same call
   * goes on.
   */
  removeAll(owner: Owner, context: CallContext): Promise<Removed>;
  /**
   * Looks at up to `limit` (1 to 500) sessions behind `after`, and deletes those whose last turn was begun or ended before `before`, and
   * what is left of those whose deletion was broken off. `unreadable` is how many stay as nobody can tell how old they are. `next` is
   * the `after` of the next step; null: all were looked at.
   */
  removeOlder(
    before: Date,
    page: { readonly after?: string; readonly limit: number },
    context: CallContext,
  ): Promise<Removed & { readonly unreadable: number; readonly next: string | null }>;
}
