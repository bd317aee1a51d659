import type { CallContext } from "../fallbacks/core/context.ts";
import type { Page } from "../fallbacks/core/page.ts";
import type { Json } from "../fallbacks/store/port.ts";

/** `cancelled`: somebody has ended it before it was done. */
export type JobState = "waiting" | "running" | "done" | "failed" | "cancelled";

export interface Job {
  /** Unique; of the caller's making (1 to 128 letters, digits and `. _ : -`), or `job_` and 32 hex digits. */
  readonly jobId: string;
  /** What is to be done: the name of a handler, 1 to 64 small letters, digits, `_` and `-`. */
  readonly kind: string;
  readonly payload: Json;
  readonly state: JobState;
  /** Of the handler's making: what is behind it, what it starts from after a crash. Null at first. Operators see it, and the result. */
  readonly progress: Json;
  /** What the handler returned. Null until it is done. */
  readonly result: Json;
  /** How often it has been begun, 0 or more. */
  readonly attempts: number;
  /** Of the last attempt, for a person; null if it went well. */
  readonly error: string | null;
  /** Somebody has asked for its end: it is not begun any more, and while it is running it stops soon, or is done. */
  readonly ending: boolean;
  /** ISO times. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface JobRequest {
  readonly kind: string;
  readonly payload: Json;
  /** The same id again is the same job: it is not done twice. */
  readonly jobId?: string;
  /** Not before this many ms from now, 0 to 366 days. Default 0. */
  readonly delayMs?: number;
}

/** What a handler gets. */
export interface JobRun {
  readonly job: Job;
  /** Ends (signal, deadline) when the process stops or the lease is lost; then the handler stops, and somebody begins it again. */
  readonly context: CallContext;
  /**
   * Aborted when somebody asks for the end of the job. A handler that throws then has ended it, and it is `cancelled`; one that returns has done it.
   * It may take no notice.
   */
  readonly ending: AbortSignal;
  /** Saves how far it is; the next attempt finds it in `job.progress`. */
  readonly progress: (progress: Json) => Promise<void>;
}

/**
 * Returns the result, or throws: then the job is tried again later, five times at most (see `attempts`). A `LayerError` that says when to come back
 * (`retryAfterMs`) is no failure: the job waits so long, 1 s to an hour. A handler may run more than once for one job (after a
 * crash, or when its outcome could not be saved), so it must bear that; never in two processes at a time while they see one another.
 */
export type JobHandler = (run: JobRun) => Promise<Json>;

export interface HandleOptions {
  /** How many of this kind run at a time in this process, 1 to 100. Default 1. */
  readonly concurrency?: number;
  /** Once the job is done or has failed, its payload is forgotten, for it says what nobody has to know any longer. Default false. */
  readonly forgetPayload?: boolean;
  /**
   * `never_give_up`: a job that was promised to somebody is tried again, an hour apart at last, for as long as it takes. Default `five`:
   * after five failures it has failed.
   */
  readonly attempts?: "five" | "never_give_up";
}

/** Work that outlives the request that asked for it, and the process that began it. */
export interface Jobs {
  /**
   * Resolves when the job is durable. Where its id is known it is that job, as it is now, whatever the payload.
   * @throws {LayerError} `invalid_request` for a kind, id or delay out of range, and for an id of another kind; else as the store.
   */
  add(request: JobRequest, context: CallContext): Promise<Job>;
  get(jobId: string, context: CallContext): Promise<Job | undefined>;
  /** Those whose id is this one with a full stop and more behind it, by id; `limit` is 1 to 500. @throws {Problem} `invalid_request`. */
  below(
    jobId: string,
    page: { readonly after?: string; readonly limit: number },
    context: CallContext,
  ): Promise<Page<Job>>;
  /**
   * Ends a job: one that waits is `cancelled` when this returns; one that is running, in whatever process, is asked to stop, and its state tells what
   * has become of it. What is over stays as it is. Undefined: there is none.
   * @throws {Problem} `store_unavailable` while nobody can tell whether another process runs it.
   */
  cancel(jobId: string, context: CallContext): Promise<Job | undefined>;
  /** Newest first; `limit` is 1 to 500. @throws {Problem} `invalid_request` for a limit or an `after` that is none. */
  list(
    page: { readonly kind?: string; readonly after?: string; readonly limit: number },
    context: CallContext,
  ): Promise<Page<Job>>;
  /** From now on this process does jobs of that kind. Once for each kind. */
  handle(kind: string, handler: JobHandler, options?: HandleOptions): void;
  /**
   * Adds a job of that kind every `everyMs` (1 000 to 366 days), once in the whole cluster: one for each slot of that length since 1970, and
   * none for slots that went by unseen. Not while a store that others share is away.
   */
  repeat(request: { readonly kind: string; readonly payload: Json; readonly everyMs: number }): void;
  /** Begins nothing new, and gives running handlers up to `graceMs` before their signal is aborted. */
  close(graceMs?: number): Promise<void>;
}
