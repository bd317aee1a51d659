import { ANSWER_THRESHOLD } from "./answerability.ts";

/** Where something answers for sure, the first in the order answers that does so nearly: the order knows more than the fit. */
const NEARLY = 0.9 * ANSWER_THRESHOLD;

/**
 * The first `k` of those in the order, and which of them answers. Where none does and a later one, that is the last of them: what answers is
 * not lost by the order.
 * @param k 1 or more
 */
export function choose<T extends { readonly fit: number }>(
  ordered: readonly T[],
  k: number,
): { readonly kept: readonly T[]; readonly answering: T | undefined } {
  const kept = ordered.slice(0, k);
  if (kept.some(answers)) return { kept, answering: kept.find(({ fit }) => fit >= NEARLY) };
  const [surest] = ordered.slice(k).sort((a, b) => b.fit - a.fit);
  if (surest === undefined || !answers(surest)) return { kept, answering: undefined };
  return { kept: [...kept.slice(0, k - 1), surest], answering: surest };
}

const answers = ({ fit }: { readonly fit: number }) => fit >= ANSWER_THRESHOLD;
