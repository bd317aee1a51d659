import type { Clock } from "../core/clock.ts";
import type { CallContext } from "../core/context.ts";
import { within } from "../core/deadline.ts";
import { asLayerError, LayerError } from "../core/errors.ts";
import { createLangfuseClient, type LangfuseClientOptions } from "./langfuse-client.ts";
import type { Tracing } from "./port.ts";
import { createTurnQueue } from "./turn-queue.ts";

/**
 * `full`: more turns than the queue holds; `refused`: by the server, for good or three times while it took others; `closed`:
 * not sent when the port closed.
 */
export type DropReason = "full" | "refused" | "closed";

export interface LangfuseOptions extends LangfuseClientOptions {
  readonly clock: Clock;
  /** Most turns that wait or are on their way. Default 1 000. */
  readonly queueLimit?: number;
  /** How long a turn waits for others before they are sent together, in ms. Default 2 000. */
  readonly flushMs?: number;
  /** Longest single request in ms. Default 5 000. */
  readonly requestTimeoutMs?: number;
  /** Longest time in ms that closing waits for what is left to be sent. Default 1 000. */
  readonly closeMs?: number;
  /** Hears of dropped turns, from the background and at most once a request. Must not throw. */
  readonly onDrop?: (turns: number, reason: DropReason) => void;
}

export interface LangfuseTracing extends Tracing {
  /** Turns that wait or are on their way. */
  readonly waiting: number;
  /** Turns that were handed over and did not arrive whole, since the start. */
  readonly dropped: number;
  backlog(): { readonly operations: number; readonly dropped: number };
  probe(context: CallContext): Promise<void>;
  close(): Promise<void>;
}

const MOST_TURNS_A_REQUEST = 50;
const LONGEST_WAIT_MS = 60_000;

/**
 * Traces to a Langfuse server of one's own (since 16 November 2026 Langfuse Cloud takes only scores where this sends).
 *
 * `start` and `end` touch memory alone. Ended turns wait in a queue of at most `queueLimit`; one request at a time takes the
 * oldest and they leave the queue when the server has answered for them, so nothing is lost with a failed request, and
 * nothing counts twice, because an event keeps its id. When the queue is full the turn that comes is dropped: the oldest show
 * how an outage began, and may be on their way.
 *
 * An outage is known from the last request: it failed, or nothing of it was taken. Then `start` throws that error, so the layer
 * observes new turns with its next port: those are not traced, and nobody counts them; `dropped` is of turns that were
 * handed over. Turns that had begun before are kept and sent later. A server that takes some events and fails with others
 * is no outage: what fails is sent again, and after the third time its turn is dropped. Meanwhile the port itself tries again, after `flushMs` and then ever more seldom down to once a minute, with what
 * waits or with a check when nothing does; whichever comes first of that and the layer's probe ends the outage.
 *
 * @throws {RangeError} when `baseUrl` is not an http or https URL.
 */
export function createLangfuseTracing(options: LangfuseOptions): LangfuseTracing {
  const { clock, flushMs = 2_000, requestTimeoutMs = 5_000, closeMs = 1_000 } = options;
  const client = createLangfuseClient(options);
  const queue = createTurnQueue(options.queueLimit ?? 1_000);
  const life = new AbortController();
  const unreported = new Map<DropReason, number>();
  let dropped = 0;
  let turnsARequest = MOST_TURNS_A_REQUEST;
  let problem: LayerError | undefined;
  let failures = 0;
  let running: Promise<void> | undefined;
  let cancelTimer: (() => void) | undefined;
  let closing: Promise<void> | undefined;

  function drop(turns: number, reason: DropReason): void {
    if (turns === 0) return;
    dropped += turns;
    unreported.set(reason, (unreported.get(reason) ?? 0) + turns);
  }

  function report(): void {
    const drops = [...unreported];
    unreported.clear();
    for (const [reason, turns] of drops) options.onDrop?.(turns, reason);
  }

  function limited<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return within({ clock, signal: life.signal, ms: requestTimeoutMs }, call);
  }

  async function sendOldest(): Promise<void> {
    const batch = queue.oldest(turnsARequest);
    try {
      const receipt = await limited((signal) => client.ingest(batch.events, signal));
      const { lost, serves } = batch.settle(receipt);
      drop(lost, "refused");
      turnsARequest = Math.min(turnsARequest * 2, MOST_TURNS_A_REQUEST);
      if (receipt.failure && !serves) throw receipt.failure;
    } catch (thrown) {
      const error = asLayerError(thrown);
      if (error.errorClass !== "invalid_request") throw error;
      if (batch.turns === 1) {
        batch.discard();
        drop(1, "refused");
        throw new LayerError("bad_response", error.message, { cause: error });
      }
      turnsARequest = Math.ceil(batch.turns / 2);
      await sendOldest();
    }
  }

  async function request(): Promise<void> {
    try {
      await (queue.length > 0 ? sendOldest() : limited((signal) => client.check(signal)));
      problem = undefined;
      failures = 0;
    } catch (error) {
      problem = asLayerError(error);
      failures += 1;
    }
    running = undefined;
    report();
    schedule();
  }

  /** One request at a time: whoever wants one while it runs gets the same. Never rejects; the outcome is in `problem`. */
  function requestNow(): Promise<void> {
    cancelTimer?.();
    cancelTimer = undefined;
    running ??= request();
    return running;
  }

  function schedule(): void {
    if (closing || running || cancelTimer || (!problem && queue.length === 0)) return;
    cancelTimer = clock.after(pauseMs(), () => void requestNow(), { background: true });
  }

  function pauseMs(): number {
    if (problem) return Math.min(flushMs * 2 ** (failures - 1), LONGEST_WAIT_MS);
    return queue.length >= MOST_TURNS_A_REQUEST ? 0 : flushMs;
  }

  async function sendRest(): Promise<void> {
    await running;
    while (queue.length > 0) {
      await requestNow();
      if (problem) return;
    }
  }

  async function finish(): Promise<void> {
    cancelTimer?.();
    cancelTimer = undefined;
    const rest = within({ clock, signal: life.signal, ms: closeMs }, sendRest);
    // Its only failure is the limit, and what that leaves is counted below.
    await Promise.allSettled([rest]);
    life.abort();
    await running;
    drop(queue.clear(), "closed");
    report();
  }

  return {
    name: "langfuse",
    get waiting() {
      return queue.length;
    },
    get dropped() {
      return dropped;
    },
    backlog: () => ({ operations: queue.length, dropped }),
    async start(trace) {
      if (problem) throw problem;
      let ended = false;
      return {
        end(outcome) {
          if (ended) return;
          ended = true;
          if (closing) return drop(1, "closed");
          if (!queue.add(trace, outcome)) return drop(1, "full");
          if (queue.length === MOST_TURNS_A_REQUEST && !problem) {
            cancelTimer?.();
            cancelTimer = undefined;
          }
          schedule();
        },
      };
    },
    async probe({ signal }) {
      // The request keeps to its own limit when the probe's is over: what it sends still counts.
      await within({ clock, signal, ms: requestTimeoutMs }, requestNow);
      if (problem) throw problem;
    },
    close() {
      closing ??= finish();
      return closing;
    },
  };
}
