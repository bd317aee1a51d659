import { setMaxListeners } from "node:events";
import type { Chat } from "../graph/chat-types.ts";
import { Problem } from "../problems.ts";

/** The end of a server, in two steps: first nothing new is begun, then what still runs is cut off. */
export interface Drain {
  /** Aborted at the first step: streams say so, and turns run on also without a reader. */
  readonly begun: AbortSignal;
  /** Aborted at the second one. Its reason is what clients get: a problem `shutting_down`. */
  readonly over: AbortSignal;
  begin(): void;
  end(): void;
  /** Counts a piece of work that is waited for. Returns the function that says, once, that it has ended. */
  enter(): () => void;
  /** How much of it there is. */
  readonly working: number;
  /** Called each time there is no more. */
  onIdle: () => void;
}

/** Seconds after which a client may ask again: by then another process, or this one's successor, should listen. */
export const RETRY_AFTER_S = 1;

export function createDrain(): Drain {
  const begun = new AbortController();
  const over = new AbortController();
  // Every stream and turn listens; that is no leak to warn of.
  setMaxListeners(0, begun.signal, over.signal);
  let working = 0;
  const drain: Drain = {
    begun: begun.signal,
    over: over.signal,
    begin: () => begun.abort(shuttingDown()),
    end() {
      begun.abort(shuttingDown());
      over.abort(shuttingDown());
    },
    enter() {
      working += 1;
      let left = false;
      return () => {
        if (left) return;
        left = true;
        working -= 1;
        if (working === 0) drain.onIdle();
      };
    },
    get working() {
      return working;
    },
    onIdle() {},
  };
  return drain;
}

export function shuttingDown(): Problem {
  const detail =
    "This server is going away before the answer is whole; the same request, with the same turn_id, goes on.";
  return new Problem("shutting_down", detail, { retryAfterS: RETRY_AFTER_S });
}

/**
 * A chat whose turns the drain waits for, and cuts off when it is over: the signal of such a turn is aborted with the drain's reason,
 * and whoever waits for it gets that reason at once, also when the turn is slow to notice.
 */
export function createDrainedChat(chat: Chat, drain: Drain): Chat {
  return {
    run(request, emit) {
      if (drain.over.aborted) return Promise.reject(shuttingDown());
      const leave = drain.enter();
      const controller = new AbortController();
      const clientGone = () => controller.abort(request.signal.reason);
      if (request.signal.aborted) clientGone();
      request.signal.addEventListener("abort", clientGone);
      return new Promise((resolve, reject) => {
        const cutOff = () => {
          reject(shuttingDown());
          controller.abort(drain.over.reason);
        };
        drain.over.addEventListener("abort", cutOff);
        chat
          .run({ ...request, signal: controller.signal }, emit)
          .then(resolve, reject)
          .finally(() => {
            drain.over.removeEventListener("abort", cutOff);
            request.signal.removeEventListener("abort", clientGone);
            leave();
          });
      });
    },
  };
}
