/** One path's ranking, best first, and how much it counts, above 0. */
export interface Ranking {
  readonly ids: readonly string[];
  readonly weight: number;
}

/** Dampens the first places; the value of the paper, found to matter little. */
const K = 60;

/**
 * Weighted reciprocal rank fusion (Cormack, Clarke & Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and
 * individual Rank Learning Methods", SIGIR 2009): the sum over the rankings of weight / (60 + rank), rank 1 for the best.
 * Scores of different kinds are never compared. Returns ids with scores, best first, ties by id; scaled so that first
 * place in every ranking is 1.
 */
export function fuse(rankings: readonly Ranking[]): readonly { readonly id: string; readonly score: number }[] {
  const best = rankings.reduce((sum, { weight }) => sum + weight, 0) / (K + 1);
  const scores = new Map<string, number>();
  for (const { ids, weight } of rankings) {
    ids.forEach((id, index) => {
      scores.set(id, (scores.get(id) ?? 0) + weight / (K + index + 1) / best);
    });
  }
  return [...scores].map(([id, score]) => ({ id, score })).sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
}
