import type { Clock } from "../fallbacks/core/clock.ts";
import type { Chat, ChatReply } from "../graph/chat-types.ts";
import type { TurnOutcome } from "../metrics/create-metrics.ts";
import { problemTable } from "../problems.ts";
import { problemOf } from "./problem-json.ts";
import type { TokenBudget } from "./token-budget.ts";

export interface MeteredChatOptions {
  readonly clock: Clock;
  readonly budget: TokenBudget;
  readonly onTurn: (turn: { readonly outcome: TurnOutcome; readonly seconds: number }) => void;
}

/** A turn that is asked again gets the answer that was stored, with its usage; this many are remembered as paid for. */
const MOST_REMEMBERED = 10_000;

/**
 * A chat whose turns are counted, whichever route they come by: each is refused before it starts when the day's tokens of its
 * key are used up, and counted with its outcome and its time when it ends. A turn without a reply costs its key nothing.
 */
export function createMeteredChat(chat: Chat, { clock, budget, onTurn }: MeteredChatOptions): Chat {
  const paid = new Set<string>();

  function pay(keyId: string, { sessionId, turnId, usage }: ChatReply): void {
    const id = `${sessionId}/${turnId}`;
    if (paid.has(id)) return;
    paid.add(id);
    const [oldest] = paid;
    if (paid.size > MOST_REMEMBERED && oldest !== undefined) paid.delete(oldest);
    budget.spend(keyId, usage.inputTokens + usage.outputTokens);
  }

  return {
    async run(request, emit) {
      const began = clock.now();
      const end = (outcome: TurnOutcome) => onTurn({ outcome, seconds: (clock.now() - began) / 1_000 });
      try {
        budget.check(request.owner.keyId);
        const reply = await chat.run(request, emit);
        pay(request.owner.keyId, reply);
        end(reply.degradation.length === 0 ? "answered" : "degraded");
        return reply;
      } catch (error) {
        end(
          request.signal.aborted ? "aborted" : problemTable[problemOf(error).code].status < 500 ? "refused" : "failed",
        );
        throw error;
      }
    },
  };
}
