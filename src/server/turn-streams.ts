import { createHash } from "node:crypto";
import { type Cluster, createAlone } from "../cluster/cluster.ts";
import type { Owner } from "../conversations/conversations.ts";
import type { Clock } from "../fallbacks/core/clock.ts";
import type { TurnElsewhere } from "../graph/turn-elsewhere.ts";
import { Problem } from "../problems.ts";
import { createDrain, type Drain, shuttingDown } from "./drain.ts";
import {
  type LiveTurn,
  type LiveTurnOptions,
  type Relayed,
  startLiveTurn,
  type TurnEnd,
  type TurnRun,
} from "./live-turn.ts";
import type { ProblemJson } from "./problem-json.ts";
import { createTurnLog } from "./turn-log.ts";
import type { Mirror } from "./turn-mirror.ts";
import type { TurnReader } from "./turn-readers.ts";
import { createTurnRelay } from "./turn-relay.ts";

/** A request for a turn. */
export interface TurnAsk {
  readonly owner: Owner;
  readonly message: string;
  readonly sessionId: string | undefined;
  /** As the client chose it; undefined: a turn whose events are not kept, and that ends when nobody waits for it. */
  readonly turnId: string | undefined;
  /** Milliseconds that whoever asks waits for another process that runs the turn, or says so. Absent: as long as it does. */
  readonly waitMs?: number;
  /** Runs the turn; not called when it runs here already, and once more when the process that ran it is no more. */
  readonly run: TurnRun;
  /** What a client is told of an error of the run; logs it. */
  readonly report: (error: unknown) => ProblemJson;
}

/**
 * The turns that this process runs, follows in another one, or has just ended. See docs/decisions/0014-resumable-streams.md and
 * 0018-turns-across-processes.md.
 */
export interface TurnStreams {
  /**
   * Runs the turn, or joins the one of that owner and id that runs already. Of one that has ended, whoever has had a part of
   * it gets the rest, as long as it is kept; everybody else runs it anew (which gives the answer that was saved).
   * @throws {Problem} `turn_conflict` when the id is that of another message or session; what `follow` of a live turn throws.
   */
  follow(ask: TurnAsk, reader: TurnReader): Promise<TurnEnd>;
  /** Stops a turn that runs, whoever reads it, in whatever process; false when there is none. */
  stop(owner: Owner, turnId: string): Promise<boolean>;
}

export interface TurnStreamsOptions {
  readonly clock: Clock;
  /** Hex digits, never the same twice, of which the last eight are used. */
  readonly newId: () => string;
  /** The other processes. Default: there are none. */
  readonly cluster?: Cluster;
  /** Once it has begun, turns run to their end, read or not; when it is over they are cut off. Default: it never begins. */
  readonly drain?: Pick<Drain, "begun" | "over">;
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
const NOT_IN_TIME = "turn_id: another process runs this turn, and its answer was not ready in time";

export function createTurnStreams(options: TurnStreamsOptions): TurnStreams {
  const {
    clock,
    cluster = createAlone("alone"),
    drain = createDrain(),
    graceMs = 10_000,
    keepMs = 60_000,
    maxTurnBytes = 768 * 1024,
    maxEndedBytes = 16 * 1024 * 1024,
  } = options;
  const running = new Map<string, LiveTurn>();
  /** Turns whose id was made here, once it is known: who asks another process for one must not have it run twice. */
  const unnamed = new Map<string, LiveTurn>();
  // In the order in which they ended.
  const ended = new Map<string, Ended>();
  let endedBytes = 0;
  const relay = createTurnRelay({
    cluster,
    clock,
    newId: options.newId,
    find(key) {
      const live = running.get(key) ?? unnamed.get(key);
      return live?.elsewhere ? undefined : live;
    },
  });

  drain.over.addEventListener("abort", () => {
    for (const live of running.values()) live.stop(shuttingDown());
  });

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

  function start(key: string | null, ask: TurnAsk): LiveTurn {
    const { message, sessionId, run, report } = ask;
    const newLog = () => createTurnLog({ run: key && options.newId().slice(-RUN_DIGITS), maxBytes: maxTurnBytes });
    const common = { clock, newLog, message, sessionId, draining: drain.begun, run, report };
    if (key === null) return startUnnamed(ask.owner, common);
    forget(key);
    // One that was given up is no longer there when it ends, and may have been begun anew.
    const isRunning = () => running.get(key) === live;
    const onStop = () => isRunning() && running.delete(key);
    const live: LiveTurn = startLiveTurn({
      ...common,
      graceMs,
      relay: follower(key, ask),
      onStop,
    });
    running.set(key, live);
    void live.ended.then(() => {
      if (!isRunning()) return;
      running.delete(key);
      if (live.log.bytes > 0) keep(key, live);
    });
    return live;
  }

  function startUnnamed(owner: Owner, common: Omit<LiveTurnOptions, "graceMs" | "relay" | "onStop">): LiveTurn {
    let key: string | undefined;
    const leave = () => {
      if (key !== undefined && unnamed.get(key) === live) unnamed.delete(key);
    };
    const live: LiveTurn = startLiveTurn({
      ...common,
      run: (signal, emit, gone) =>
        common.run(
          signal,
          (event) => {
            if (event.type === "meta" && key === undefined && !signal.aborted) {
              key = keyOf(owner, event.turnId);
              unnamed.set(key, live);
            }
            emit(event);
          },
          gone,
        ),
      graceMs: 0,
      relay: (turn) => Promise.reject(turn),
      onStop: leave,
    });
    void live.ended.then(leave);
    return live;
  }

  /** Follows the turn in another process for as long as its client may wait, and as this process may. */
  function follower(key: string, { waitMs = Number.POSITIVE_INFINITY }: TurnAsk) {
    const until = clock.now() + waitMs;
    return async (turn: TurnElsewhere, mirror: Mirror): Promise<Relayed> => {
      if (clock.now() >= until) throw new Problem("deadline_exceeded", NOT_IN_TIME, { field: "turn_id", cause: turn });
      const relayed = await relay.follow(turn, key, mirror);
      // Running it anew is for a process that stays.
      if ("gone" in relayed && drain.begun.aborted) throw shuttingDown();
      return relayed;
    };
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
    async stop(owner, turnId) {
      const key = keyOf(owner, turnId);
      const live = running.get(key) ?? unnamed.get(key);
      if (!live || live.elsewhere) return relay.stop(key);
      live.stop();
      return true;
    },
  };
}

/** The same in every process. The owner is hashed: other processes are told of it. */
function keyOf({ keyId, user }: Owner, turnId: string): string {
  const owner = createHash("sha256").update(JSON.stringify([keyId, user]));
  return `${owner.digest("hex").slice(0, 32)}/${turnId}`;
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
