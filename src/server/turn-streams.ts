import type { Owner } from "../conversations/conversations.ts";
import type { Clock } from "../fallbacks/core/clock.ts";
import type { ChatEvent, ChatReply } from "../graph/chat-types.ts";
import { Problem } from "../problems.ts";
import { type LiveTurn, startLiveTurn, type TurnEnd, type TurnReader } from "./live-turn.ts";
import type { ProblemJson } from "./problem-json.ts";
import { createTurnLog } from "./turn-log.ts";

/** A request for a turn. */
export interface TurnAsk {
  readonly owner: Owner;
  readonly message: string;
  readonly sessionId: string | undefined;
  /** As the client chose it; undefined: a turn that nobody else can follow, and that ends when its client goes. */
  readonly turnId: string | undefined;
  /** Runs the turn; called at most once, and not at all when the turn runs already. */
  readonly run: (signal: AbortSignal, emit: (event: ChatEvent) => void) => Promise<ChatReply>;
  /** What a client is told of an error of the run; logs it. */
  readonly report: (error: unknown) => ProblemJson;
}

/** The turns of this process that run, or have just ended. See docs/decisions/0014-resumable-streams.md. */
export interface TurnStreams {
  /**
   * Runs the turn, or joins the one of that owner and id that runs already. Of one that has ended, whoever has had a part of
   * it gets the rest, as long as it is kept; everybody else runs it anew (which gives the answer that was saved).
   * @throws {Problem} `turn_conflict` when the id is that of another message or session; what `follow` of a live turn throws.
   */
  follow(ask: TurnAsk, reader: TurnReader): Promise<TurnEnd>;
  /** Stops a turn that runs, whoever reads it; false when there is none. */
  stop(owner: Owner, turnId: string): boolean;
  /** Stops every turn that runs: nobody can read them any more. */
  stopAll(): void;
}

export interface TurnStreamsOptions {
  readonly clock: Clock;
  /** Hex digits, never the same twice, of which the last eight are used. */
  readonly newId: () => string;
  /** Milliseconds that a turn whose client gave its id runs on without a reader. Default 10 000. */
  readonly graceMs?: number;
  /** Milliseconds that the events of a turn are kept after its end. Default 60 000. */
  readonly keepMs?: number;
  /** Bytes of events that are kept of one turn: less than may wait for a reader, who gets them at once. Default 768 KiB. */
  readonly maxTurnBytes?: number;
  /** Bytes that are kept of all turns that have ended; the oldest go first. Default 16 MiB. */
  readonly maxEndedBytes?: number;
}

interface Ended {
  readonly live: LiveTurn;
  readonly bytes: number;
  readonly cancel: () => void;
}

const RUN_DIGITS = 8;

export function createTurnStreams(options: TurnStreamsOptions): TurnStreams {
  const {
    clock,
    graceMs = 10_000,
    keepMs = 60_000,
    maxTurnBytes = 768 * 1024,
    maxEndedBytes = 16 * 1024 * 1024,
  } = options;
  const running = new Map<string, LiveTurn>();
  // In the order in which they ended.
  const ended = new Map<string, Ended>();
  let endedBytes = 0;

  function forget(key: string): void {
    const entry = ended.get(key);
    if (!entry) return;
    entry.cancel();
    ended.delete(key);
    endedBytes -= entry.bytes;
  }

  function keep(key: string, live: LiveTurn): void {
    // The last event is in memory with the reply, so it counts as well.
    const { bytes } = live.log;
    ended.set(key, { live, bytes, cancel: clock.after(keepMs, () => forget(key), { background: true }) });
    endedBytes += bytes;
    for (const oldest of ended.keys()) {
      if (endedBytes <= maxEndedBytes) return;
      forget(oldest);
    }
  }

  function start(key: string | null, { message, sessionId, run, report }: TurnAsk): LiveTurn {
    const log = createTurnLog({ run: key && options.newId().slice(-RUN_DIGITS), maxBytes: maxTurnBytes });
    const common = { clock, log, message, sessionId, run, report };
    if (key === null) return startLiveTurn({ ...common, graceMs: 0, onStop() {} });
    forget(key);
    // One that was given up is no longer there when it ends, and may have been begun anew.
    const isRunning = () => running.get(key) === live;
    const onStop = () => isRunning() && running.delete(key);
    const live: LiveTurn = startLiveTurn({ ...common, graceMs, onStop });
    running.set(key, live);
    void live.ended.then(() => {
      if (!isRunning()) return;
      running.delete(key);
      if (live.log.bytes > 0) keep(key, live);
    });
    return live;
  }

  return {
    // Async, so that whatever is thrown here rejects.
    async follow(ask, reader) {
      if (ask.turnId === undefined) return start(null, ask).follow(reader);
      const key = keyOf(ask.owner, ask.turnId);
      const live = running.get(key);
      if (live) {
        requireSame(ask, live);
        return live.follow(reader);
      }
      const over = ended.get(key)?.live;
      if (over && ask.message === over.message && hasRest(over, reader)) return over.follow(reader);
      return start(key, ask).follow(reader);
    },
    stop(owner, turnId) {
      const live = running.get(keyOf(owner, turnId));
      live?.stop();
      return live !== undefined;
    },
    stopAll() {
      for (const live of running.values()) live.stop();
    },
  };
}

function keyOf({ keyId, user }: Owner, turnId: string): string {
  return JSON.stringify([keyId, user, turnId]);
}

/** As the conversations do for a turn that was saved. */
function requireSame({ message, sessionId }: TurnAsk, live: LiveTurn): void {
  if (message !== live.message) {
    throw new Problem("turn_conflict", "turn_id is in use for another message", { field: "turn_id" });
  }
  if (sessionId !== undefined && live.sessionId !== undefined && sessionId !== live.sessionId) {
    throw new Problem("turn_conflict", "turn_id is in use in another session", { field: "turn_id" });
  }
}

/**
 * Whether the reader left in the middle of this very run. A failure that it has heard of is over: asking again means
 * trying again.
 */
function hasRest({ log, end }: LiveTurn, { write, lastEventId }: TurnReader): boolean {
  if (!write || !log.knows(lastEventId) || log.since(lastEventId) === null) return false;
  return end !== undefined && ("reply" in end || log.since(lastEventId) !== "");
}
