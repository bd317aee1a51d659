import type { Clock } from "../fallbacks/core/clock.ts";
import { LayerError } from "../fallbacks/core/errors.ts";
import type { ChatEvent, ChatReply } from "../graph/chat-types.ts";
import { Problem } from "../problems.ts";
import { replyJson } from "./chat-json.ts";
import type { ProblemJson } from "./problem-json.ts";
import type { TurnLog } from "./turn-log.ts";

/** Somebody who waits for a turn. */
export interface TurnReader {
  /** Aborted when it has gone. */
  readonly signal: AbortSignal;
  /** Gets whole events as they go over the wire, without the last one. Absent: only the end matters. */
  readonly write?: (events: string) => void;
  /** The id of the last event that it has had, of this run or another; undefined: none. */
  readonly lastEventId?: string | undefined;
}

/** How a turn ended. `event` makes the last event: `done` with the whole reply, or `error` with a problem. */
export type TurnEnd =
  | { readonly reply: ChatReply; readonly event: () => string }
  | { readonly error: unknown; readonly event: () => string };

/** One run of a turn, which any number of readers follow. */
export interface LiveTurn {
  readonly message: string;
  /** Undefined until it is known, when the request named none. */
  readonly sessionId: string | undefined;
  readonly log: TurnLog;
  /** Undefined while it runs. */
  readonly end: TurnEnd | undefined;
  /** Settles when it has ended, well or badly. Never fails. */
  readonly ended: Promise<TurnEnd>;
  /**
   * What the reader has not had yet, then each event as it comes; resolves to the end.
   * @throws {LayerError} `aborted` when the reader has gone.
   * @throws {Problem} `turn_conflict` when the events so far are not kept, `too_many_turns` with too many readers.
   */
  follow(reader: TurnReader): Promise<TurnEnd>;
  /** Ends it now, whoever reads. */
  stop(): void;
}

export interface LiveTurnOptions {
  readonly clock: Clock;
  readonly log: TurnLog;
  readonly message: string;
  readonly sessionId: string | undefined;
  /** Milliseconds that it runs on without a reader; 0: not at all. */
  readonly graceMs: number;
  readonly run: (signal: AbortSignal, emit: (event: ChatEvent) => void) => Promise<ChatReply>;
  /** What a client is told of an error; logs it. */
  readonly report: (error: unknown) => ProblemJson;
  /** It was given up: a request with its id runs it anew. */
  readonly onStop: () => unknown;
}

/** Each reader holds a connection, and as much as may wait for it. */
const MOST_READERS = 8;

/** Starts the turn; its first reader is to follow in the same instant. */
export function startLiveTurn(options: LiveTurnOptions): LiveTurn {
  const { clock, log, graceMs, report } = options;
  const controller = new AbortController();
  const readers = new Set<TurnReader>();
  let { sessionId } = options;
  let end: TurnEnd | undefined;
  let cancelGrace: (() => void) | undefined;
  let stopped = false;

  function send(event: string, data: unknown): void {
    if (end || controller.signal.aborted) return;
    const text = log.add(event, data);
    for (const reader of readers) reader.write?.(text);
  }

  function emit(event: ChatEvent): void {
    switch (event.type) {
      case "meta":
        sessionId = event.sessionId;
        return send("meta", { session_id: event.sessionId, turn_id: event.turnId });
      case "token":
        return send("token", { text: event.text, by: event.by });
      case "restart":
        return send("restart", { by: event.by });
    }
  }

  async function run(): Promise<TurnEnd> {
    try {
      const reply = await options.run(controller.signal, emit);
      if (log.empty) emit({ type: "meta", sessionId: reply.sessionId, turnId: reply.turnId });
      const event = log.last("done", replyJson(reply));
      end = { reply, event: () => event };
    } catch (thrown) {
      const error = stopped ? stoppedProblem(thrown) : thrown;
      // Whoever is answered with an ordinary problem has it reported on the way; this is for the others.
      let event: string | undefined;
      const makeEvent = () => {
        event ??= log.last("error", report(error));
        return event;
      };
      end = { error, event: makeEvent };
      if (readers.size === 0) makeEvent();
    }
    cancelGrace?.();
    return end;
  }

  function abort(): void {
    options.onStop();
    controller.abort(new Error("nobody waits for the turn any more"));
  }

  function leave(reader: TurnReader): void {
    readers.delete(reader);
    if (readers.size > 0 || end) return;
    if (graceMs === 0) abort();
    else cancelGrace = clock.after(graceMs, abort, { background: true });
  }

  function catchUp({ write, lastEventId }: TurnReader): void {
    if (!write) return;
    const missed = log.since(lastEventId);
    if (missed === null && !log.empty) {
      throw new Problem("turn_conflict", "turn_id: this turn is running, and is too long to be joined; wait for it", {
        field: "turn_id",
      });
    }
    if (missed) write(missed);
  }

  // Not at once: the first reader is there before the first event.
  const ended = Promise.resolve().then(run);
  return {
    message: options.message,
    get sessionId() {
      return sessionId;
    },
    log,
    get end() {
      return end;
    },
    ended,
    async follow(reader) {
      if (readers.size >= MOST_READERS) {
        throw new Problem("too_many_turns", `${MOST_READERS} requests follow this turn, which is as many as may.`, {
          retryAfterS: 1,
        });
      }
      catchUp(reader);
      cancelGrace?.();
      readers.add(reader);
      const gone = whenGone(reader.signal);
      try {
        return await Promise.race([ended, gone.promise]);
      } finally {
        gone.cancel();
        leave(reader);
      }
    },
    stop() {
      stopped = true;
      abort();
    },
  };
}

function stoppedProblem(cause: unknown): Problem {
  const detail = "turn_id: this turn was stopped; the same request runs it anew";
  return new Problem("turn_conflict", detail, { field: "turn_id", cause });
}

/** Rejects with the class `aborted` as soon as the signal says so. */
function whenGone(signal: AbortSignal): { readonly promise: Promise<never>; readonly cancel: () => void } {
  let cancel = () => {};
  const promise = new Promise<never>((_resolve, reject) => {
    const onAbort = () => reject(new LayerError("aborted", "the client has gone", { cause: signal.reason }));
    cancel = () => signal.removeEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  return { promise, cancel };
}
