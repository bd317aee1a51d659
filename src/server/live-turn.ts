import type { Clock } from "../fallbacks/core/clock.ts";
import type { ChatEvent, ChatReply } from "../graph/chat-types.ts";
import { TurnElsewhere } from "../graph/turn-elsewhere.ts";
import { Problem } from "../problems.ts";
import { replyJson } from "./chat-json.ts";
import type { ProblemJson } from "./problem-json.ts";
import type { TurnLog } from "./turn-log.ts";
import type { Mirror } from "./turn-mirror.ts";
import { createTurnReaders, type TurnReader } from "./turn-readers.ts";

/** How a turn ended. `event` makes the last event: `done` with the whole reply, or `error` with a problem. */
export type TurnEnd =
  | { readonly reply: ChatReply; readonly event: () => string }
  | { readonly error: unknown; readonly event: () => string };

/** Runs a turn. @param gone an instance that is known not to run it any more. @throws {TurnElsewhere} when another one does. */
export type TurnRun = (signal: AbortSignal, emit: (event: ChatEvent) => void, gone?: string) => Promise<ChatReply>;

/** What came of following a turn at another process. `gone`: the instance that is known not to run it any more. */
export type Relayed = { readonly reply: ChatReply } | { readonly gone: string | undefined };

/** One run of a turn, here or in another process, which any number of readers follow. */
export interface LiveTurn {
  readonly message: string;
  /** Undefined until it is known, when the request named none. */
  readonly sessionId: string | undefined;
  readonly log: TurnLog;
  /** Another process runs it, and this one passes on what comes. */
  readonly elsewhere: boolean;
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
  /** Ends it now, whoever reads. @param why what its readers get; default: a `turn_conflict` that says so. */
  stop(why?: Problem): void;
}

export interface LiveTurnOptions {
  readonly clock: Clock;
  /** An empty log for a run of this process. */
  readonly newLog: () => TurnLog;
  readonly message: string;
  readonly sessionId: string | undefined;
  /** Milliseconds that it runs on without a reader; 0: not at all. */
  readonly graceMs: number;
  /** Once it is aborted, a turn with a grace runs on to its end without a reader. */
  readonly draining: AbortSignal;
  readonly run: TurnRun;
  /** Follows the turn at the process that runs it. Without a reply it is run, or asked for, once more. */
  readonly relay: (turn: TurnElsewhere, mirror: Mirror) => Promise<Relayed>;
  /** What a client is told of an error; logs it. */
  readonly report: (error: unknown) => ProblemJson;
  /** It was given up: a request with its id runs it anew. */
  readonly onStop: () => unknown;
}

/** Starts the turn; its first reader is to follow in the same instant. */
export function startLiveTurn(options: LiveTurnOptions): LiveTurn {
  const { clock, graceMs, report } = options;
  const controller = new AbortController();
  const readers = createTurnReaders(leftAlone);
  let log = options.newLog();
  let { sessionId } = options;
  let end: TurnEnd | undefined;
  let elsewhere = false;
  let cancelGrace: (() => void) | undefined;
  let stopped: Problem | undefined;

  function send(event: string, data: unknown): void {
    if (end || controller.signal.aborted) return;
    // What another process wrote before is never joined to what is written here.
    if (elsewhere) log = options.newLog();
    elsewhere = false;
    readers.write(log.add(event, data));
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

  const mirror: Mirror = {
    signal: controller.signal,
    get lastEventId() {
      return elsewhere ? log.lastId : undefined;
    },
    take(events) {
      const first = log.take(events);
      if (!first) readers.write(events);
      else if (log.since(undefined) === null) readers.refuse();
      else readers.catchUp(log);
    },
    unkept() {
      log.skip();
      readers.refuse();
    },
  };

  async function reply(): Promise<ChatReply> {
    let gone: string | undefined;
    for (;;) {
      try {
        const reply = await options.run(controller.signal, emit, gone);
        if (log.empty || elsewhere) emit({ type: "meta", sessionId: reply.sessionId, turnId: reply.turnId });
        return reply;
      } catch (error) {
        if (!(error instanceof TurnElsewhere) || controller.signal.aborted) throw error;
        if (!elsewhere) log = options.newLog();
        elsewhere = true;
        sessionId = error.sessionId;
        const relayed = await options.relay(error, mirror);
        if ("reply" in relayed) return relayed.reply;
        ({ gone } = relayed);
      }
    }
  }

  async function run(): Promise<TurnEnd> {
    try {
      const answer = await reply();
      const event = log.last("done", replyJson(answer));
      end = { reply: answer, event: () => event };
    } catch (thrown) {
      const error = stopped ?? thrown;
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

  function abort(why = new Error("nobody waits for the turn any more")): void {
    options.onStop();
    controller.abort(why);
  }

  function leftAlone(): void {
    if (end) return;
    // The process that runs it has a grace of its own.
    if (graceMs === 0 || elsewhere) abort();
    else cancelGrace = clock.after(graceMs, abortUnlessDraining, { background: true });
  }

  function abortUnlessDraining(): void {
    if (!options.draining.aborted) abort();
  }

  // Not at once: the first reader is there before the first event.
  const ended = Promise.resolve().then(run);
  return {
    message: options.message,
    get sessionId() {
      return sessionId;
    },
    get log() {
      return log;
    },
    get elsewhere() {
      return elsewhere;
    },
    get end() {
      return end;
    },
    ended,
    follow(reader) {
      const end = readers.wait(reader, log, ended);
      if (readers.size > 0) cancelGrace?.();
      return end;
    },
    stop(why = stoppedProblem()) {
      stopped = why;
      abort(why);
    },
  };
}

function stoppedProblem(): Problem {
  return new Problem("turn_conflict", "turn_id: this turn was stopped; the same request runs it anew", {
    field: "turn_id",
  });
}
