import { LayerError } from "../fallbacks/core/errors.ts";
import { Problem } from "../problems.ts";
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

/** Those who follow one turn. */
export interface TurnReaders {
  readonly size: number;
  /** Sends these events to everybody who wants any. */
  write(events: string): void;
  /** Sends to everybody what it has not had yet, to those who have had nothing of this log so far. */
  catchUp(log: TurnLog): void;
  /** Those who want events cannot have them: their waiting fails with `notKept`. */
  refuse(): void;
  /**
   * Adds a reader until `ended` settles or it goes.
   * @throws {LayerError} `aborted` when it has gone.
   * @throws {Problem} `turn_conflict` when its events are not kept, `too_many_turns` with too many readers.
   */
  wait<T>(reader: TurnReader, log: TurnLog, ended: Promise<T>): Promise<T>;
}

/** Each reader holds a connection, and as much as may wait for it. */
const MOST_READERS = 8;

/** @param onEmpty called each time the last one has left. */
export function createTurnReaders(onEmpty: () => void): TurnReaders {
  const readers = new Map<TurnReader, (error: Error) => void>();
  return {
    get size() {
      return readers.size;
    },
    write(events) {
      for (const reader of readers.keys()) reader.write?.(events);
    },
    catchUp(log) {
      for (const reader of readers.keys()) sendMissed(reader, log);
    },
    refuse() {
      for (const [reader, fail] of readers) if (reader.write) fail(notKept());
    },
    async wait(reader, log, ended) {
      if (readers.size >= MOST_READERS) {
        throw new Problem("too_many_turns", `${MOST_READERS} requests follow this turn, which is as many as may.`, {
          retryAfterS: 1,
        });
      }
      sendMissed(reader, log);
      let refuse: (error: Error) => void = () => {};
      const refused = new Promise<never>((_resolve, reject) => {
        refuse = reject;
      });
      const onAbort = () => refuse(new LayerError("aborted", "the client has gone", { cause: reader.signal.reason }));
      readers.set(reader, refuse);
      if (reader.signal.aborted) onAbort();
      reader.signal.addEventListener("abort", onAbort, { once: true });
      try {
        return await Promise.race([ended, refused]);
      } finally {
        reader.signal.removeEventListener("abort", onAbort);
        readers.delete(reader);
        if (readers.size === 0) onEmpty();
      }
    },
  };
}

function sendMissed({ write, lastEventId }: TurnReader, log: TurnLog): void {
  if (!write) return;
  const missed = log.since(lastEventId);
  if (missed === null && !log.empty) throw notKept();
  if (missed) write(missed);
}

function notKept(): Problem {
  return new Problem("turn_conflict", "turn_id: this turn is running, and is too long to be joined; wait for it", {
    field: "turn_id",
  });
}
