import { ANSWER_THRESHOLD } from "./answerability.ts";

/** Where something answers for sure, the first in the order answers that does so nearly: the order knows more than the fit. */
const NEARLY = 0.9 * ANSWER_THRESHOLD;

/** What is cited beside the first has odds that are at most so many times less than the best. Of a hundred answers three or four have it (decision 0039). */
const BESIDE = Math.E;

interface Fitting {
  readonly fit: number;
}

/**
 * The first `k` of those in the order, and which of them answer. Where none does and a later one, that is the last of them: what answers is
 * not lost by the order. Where two answer and are about as likely, both: of two sections that say nearly the same ("opened goods", "unopened
 * goods") either may be meant, and who asks can tell by their headings.
 * @param k 1 or more
 * @param mayJoin whether what is about as likely as the first may be cited beside it
 * @returns `answering`: none, one or two, in the order, each of which answers at least nearly
 */
export function choose<T extends Fitting>(
  ordered: readonly T[],
  k: number,
  mayJoin: (first: T, other: T) => boolean,
): { readonly kept: readonly T[]; readonly answering: readonly T[] } {
  const kept = ordered.slice(0, k);
  if (kept.some(answers)) return { kept, answering: answeringOf(kept, mayJoin) };
  const [surest] = ordered.slice(k).sort((a, b) => b.fit - a.fit);
  if (surest === undefined || !answers(surest)) return { kept, answering: [] };
  return { kept: [...kept.slice(0, k - 1), surest], answering: [surest] };
}

function answeringOf<T extends Fitting>(kept: readonly T[], mayJoin: (first: T, other: T) => boolean): readonly T[] {
  const [first, ...others] = kept.filter(({ fit }) => fit >= NEARLY);
  if (first === undefined) return [];
  const best = Math.max(first.fit, ...others.map(({ fit }) => fit));
  const [beside] = others
    .filter((other) => oddsOf(other.fit) * BESIDE >= oddsOf(best) && mayJoin(first, other))
    .sort((a, b) => b.fit - a.fit);
  return beside === undefined ? [first] : [first, beside];
}

const answers = ({ fit }: Fitting) => fit >= ANSWER_THRESHOLD;

const oddsOf = (fit: number) => fit / (1 - fit);
