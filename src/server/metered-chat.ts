import type { Clock } from "../fallbacks/core/clock.ts";
import type { Chat } from "../graph/chat-types.ts";
import { TurnElsewhere } from "../graph/turn-elsewhere.ts";
import type { TurnOutcome } from "../metrics/create-metrics.ts";
import { problemTable } from "../problems.ts";
import { problemOf } from "./problem-json.ts";
import type { TokenBudget } from "./token-budget.ts";

export interface MeteredChatOptions {
  readonly clock: Clock;
  readonly budget: TokenBudget;
  readonly onTurn: (turn: { readonly outcome: TurnOutcome; readonly seconds: number }) => void;
}

/**
 * A chat whose turns are counted, whichever route they come by: each is refused before it starts when the day's tokens of its
 * key are used up, and counted with its outcome and its time when it ends. A turn whose client leaves, or that fails, costs what its
 * models took until then; one that is asked again and was answered before costs nothing.
 */
export function createMeteredChat(chat: Chat, { clock, budget, onTurn }: MeteredChatOptions): Chat {
  return {
    async run(request, emit) {
      const began = clock.now();
      const end = (outcome: TurnOutcome) => onTurn({ outcome, seconds: (clock.now() - began) / 1_000 });
      try {
        budget.check(request.owner.keyId);
        const spent = (tokens: number) => budget.spend(request.owner.keyId, tokens);
        const reply = await chat.run({ ...request, spent }, emit);
        end(reply.degradation.length === 0 ? "answered" : "degraded");
        return reply;
      } catch (error) {
        // It is counted where it runs.
        if (error instanceof TurnElsewhere) throw error;
        end(
          request.signal.aborted ? "aborted" : problemTable[problemOf(error).code].status < 500 ? "refused" : "failed",
        );
        throw error;
      }
    },
  };
}
