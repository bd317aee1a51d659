import type { Answer, Api, Reply } from "./api.ts";
import type { TurnFacts, Witness } from "./witness.ts";

/** How a turn is asked for: whole, as a stream, or both at the same time with one id (as a double click does). */
export const manners = ["whole", "stream", "twice"] as const;
export type Manner = (typeof manners)[number];

export interface Ask {
  readonly api: Api;
  readonly witness: Witness;
  readonly instance: number;
  /** Another instance may not know a session yet, or run the turn. */
  readonly split: boolean;
  /**
   * The outage of the store's first port that this instance suffers now, if there is one: whatever is answered within one has to say
   * so. Absent: nobody knows.
   */
  readonly outage?: () => number | undefined;
}

type TurnRequest = Pick<TurnFacts, "body">;

/** Asks, and writes down every word of the answer before it returns. @returns whether the turn is answered. */
export async function askTurn(ask: Ask, turn: TurnRequest, manner: Manner): Promise<boolean> {
  const { api, witness, instance } = ask;
  const { body } = turn;
  // An answer from before has the receipt of that time.
  const before = witness.turns.has(body.turn_id) ? undefined : ask.outage?.();
  witness.sent({ body, instance });
  const hear = (answer: Answer<Reply>) => {
    const during = before !== undefined && ask.outage?.() === before;
    return heard(ask, turn, answer, during);
  };
  const whole = async () => hear(await api.chat(body));
  const stream = async () => hear(await api.stream(body, (sessionId) => witness.kept(body.turn_id, sessionId)));
  if (manner === "whole") return whole();
  if (manner === "stream") return stream();
  const [first, second] = await Promise.all([whole(), stream()]);
  return first || second;
}

function heard({ witness, split }: Ask, { body }: TurnRequest, answer: Answer<Reply>, away: boolean): boolean {
  if (answer.kind === "ok") {
    checkReceipt(witness, body.turn_id, answer.body, away);
    witness.answered(body.turn_id, answer.body);
    return true;
  }
  witness.unanswered(body.turn_id, answer);
  if (answer.kind === "refused" && !isExcused(answer, split)) {
    witness.found("refused", `turn ${body.turn_id}: ${answer.status} ${answer.code} ${answer.detail}`);
  }
  return false;
}

/** Each line of a receipt says what stood in, how well, and why. @param away whether the store's first port was. */
function checkReceipt(witness: Witness, turnId: string, { degradation }: Reply, away: boolean): void {
  const whole = degradation.every(({ layer, mode, reason }) => layer && mode && reason);
  const told = !away || degradation.some(({ layer }) => layer === "store");
  if (whole && told) return;
  witness.found("untold", `turn ${turnId}: the receipt is ${JSON.stringify(degradation)}`);
}

const UNAVAILABLE: ReadonlySet<number> = new Set([429, 503, 504]);

/** What a server may say while something is away: come again. Nothing else is an excuse. */
export function isExcused(answer: Extract<Answer<unknown>, { kind: "refused" }>, split: boolean): boolean {
  if (UNAVAILABLE.has(answer.status)) return true;
  if (answer.status === 409) return answer.detail.includes("running");
  return split && answer.status === 404;
}
