import type { Receipt } from "./langfuse-client.ts";
import { type TraceEvent, turnEvents } from "./langfuse-events.ts";
import type { TurnOutcome, TurnTrace } from "./port.ts";

/** The oldest turns at one moment. They stay in the queue until they are settled or discarded. */
export interface Batch {
  readonly turns: number;
  readonly events: readonly TraceEvent[];
  /** Takes away what the server has answered for, and turns whose events have failed three times where others did not. */
  settle(receipt: Pick<Receipt, "accepted" | "refused">): Settlement;
  discard(): void;
}

export interface Settlement {
  /** Turns that left the queue without all of their events. */
  readonly lost: number;
  /** Whether what failed is up to the turns: the server took other events, or had done so when these failed before. */
  readonly serves: boolean;
}

/** Ended turns in order, at most `limit`. */
export interface TurnQueue {
  readonly length: number;
  /** Returns false, and keeps nothing, when it is full. */
  add(trace: TurnTrace, outcome: TurnOutcome): boolean;
  /** At most `most` turns, and no more than fit into a request; at least one if there is one. */
  oldest(most: number): Batch;
  /** Empties it and returns how many turns there were. */
  clear(): number;
}

interface WaitingTurn {
  readonly trace: TurnTrace;
  readonly outcome: TurnOutcome;
  /** Of those already answered for. */
  readonly settled: Set<string>;
  refused: boolean;
  /** How often an event of it failed where others of the same request did not, and since then also alone. */
  failures: number;
}

const MOST_FAILURES = 3;

/** UTF-16 units of content in a request: at most 3 MB of JSON, where Langfuse's limit is 3.5 MB. */
const MOST_CONTENT = 400_000;

export function createTurnQueue(limit: number): TurnQueue {
  let waiting: WaitingTurn[] = [];

  return {
    get length() {
      return waiting.length;
    },
    add(trace, outcome) {
      if (waiting.length >= limit) return false;
      waiting.push({ trace, outcome, settled: new Set(), refused: false, failures: 0 });
      return true;
    },
    oldest(most) {
      const turns = waiting.slice(0, fitting(waiting, most));
      const left = (turn: WaitingTurn) =>
        turnEvents(turn.trace, turn.outcome).filter(({ id }) => !turn.settled.has(id));
      const events = new Map(turns.map((turn) => [turn, left(turn)] as const));
      return {
        turns: turns.length,
        events: [...events.values()].flat(),
        settle({ accepted, refused }) {
          const took = [...events.values()].some((sent) => sent.some(({ id }) => accepted.has(id)));
          const serves = took || turns.every(({ failures }) => failures > 0);
          const done = new Set<WaitingTurn>();
          const lost = new Set<WaitingTurn>();
          for (const [turn, sent] of events) {
            for (const { id } of sent) {
              if (refused.has(id)) turn.refused = true;
              if (refused.has(id) || accepted.has(id)) turn.settled.add(id);
            }
            const whole = sent.every(({ id }) => turn.settled.has(id));
            if (!whole && serves) turn.failures += 1;
            if (whole || turn.failures >= MOST_FAILURES) done.add(turn);
            if (done.has(turn) && (turn.refused || !whole)) lost.add(turn);
          }
          waiting = waiting.filter((turn) => !done.has(turn));
          return { lost: lost.size, serves };
        },
        discard() {
          waiting = waiting.filter((turn) => !events.has(turn));
        },
      };
    },
    clear() {
      const { length } = waiting;
      waiting = [];
      return length;
    },
  };
}

function fitting(waiting: readonly WaitingTurn[], most: number): number {
  let count = 0;
  let content = 0;
  for (const { trace, outcome } of waiting) {
    content += (trace.message?.length ?? 0) + (outcome.reply?.length ?? 0);
    if (count === most || (count > 0 && content > MOST_CONTENT)) break;
    count += 1;
  }
  return count;
}
