import { Problem, type ProblemCode } from "../problems.ts";
import type { LoadShed } from "./load-shed.ts";

/** What every route that runs turns may refuse with, whichever protocol it speaks. */
export const turnProblems: readonly ProblemCode[] = [
  "turn_conflict",
  "too_many_turns",
  "overloaded",
  "model_unavailable",
  "message_refused",
  "token_budget_exhausted",
  "shutting_down",
];

/** Counts the turns that run at once for each caller. */
export interface TurnLimit {
  /** Returns the function that gives the place back, once. @throws {Problem} `too_many_turns`, `overloaded`. */
  enter(caller: string): () => void;
}

const RETRY_AFTER_S = 1;

export function createTurnLimit(atOnce: number): TurnLimit {
  const running = new Map<string, number>();
  return {
    enter(caller) {
      const count = running.get(caller) ?? 0;
      if (count >= atOnce) {
        throw new Problem("too_many_turns", `${atOnce} turns of yours are running, which is as many as may.`, {
          retryAfterS: RETRY_AFTER_S,
        });
      }
      running.set(caller, count + 1);
      let left = false;
      return () => {
        if (left) return;
        left = true;
        const others = (running.get(caller) ?? 1) - 1;
        if (others === 0) running.delete(caller);
        else running.set(caller, others);
      };
    },
  };
}

/** A limit that asks first whether this process can take a turn at all: its overload is nobody's own doing. */
export function shedFirst(shed: LoadShed, limit: TurnLimit): TurnLimit {
  return {
    enter(caller) {
      const leaveProcess = shed.enter();
      try {
        const leaveCaller = limit.enter(caller);
        return () => {
          leaveCaller();
          leaveProcess();
        };
      } catch (error) {
        leaveProcess();
        throw error;
      }
    },
  };
}
