/** A figure over n cases with its 95 % interval. All but counts are 0 to 1. */
export interface Measure {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

const Z = 1.96;

/** Normalised discounted cumulative gain of the first k (Järvelin & Kekäläinen 2002), gain 2^grade - 1; 0 where nothing is relevant. */
export function ndcg(ranked: readonly string[], grades: ReadonlyMap<string, number>, k: number): number {
  const discounted = (gains: readonly number[]) =>
    gains.slice(0, k).reduce((sum, gain, index) => sum + gain / Math.log2(index + 2), 0);
  const ideal = discounted([...grades.values()].map(gainOf).sort((a, b) => b - a));
  return ideal === 0 ? 0 : discounted(ranked.map((id) => gainOf(grades.get(id) ?? 0))) / ideal;
}

const gainOf = (grade: number) => 2 ** grade - 1;

/** Of what is relevant, the share among the first k. */
export function recall(ranked: readonly string[], grades: ReadonlyMap<string, number>, k: number): number {
  const relevant = [...grades].filter(([, grade]) => grade > 0).map(([id]) => id);
  const first = new Set(ranked.slice(0, k));
  return relevant.length === 0 ? 0 : relevant.filter((id) => first.has(id)).length / relevant.length;
}

/** 1 / place of the first relevant one among the first k, 0 where there is none. */
export function reciprocalRank(ranked: readonly string[], grades: ReadonlyMap<string, number>, k: number): number {
  const at = ranked.slice(0, k).findIndex((id) => (grades.get(id) ?? 0) > 0);
  return at < 0 ? 0 : 1 / (at + 1);
}

/** Mean of values from 0 to 1 with the normal interval of a mean. */
export function meanOf(values: readonly number[]): Measure {
  const n = values.length;
  if (n === 0) return { value: 0, low: 0, high: 1, n };
  const value = values.reduce((sum, each) => sum + each, 0) / n;
  const variance = values.reduce((sum, each) => sum + (each - value) ** 2, 0) / Math.max(1, n - 1);
  const half = Z * Math.sqrt(variance / n);
  return { value, low: Math.max(0, value - half), high: Math.min(1, value + half), n };
}

/** A share of cases with the score interval of Wilson (1927), which holds for few cases and near 0 and 1. */
export function shareOf(part: number, n: number): Measure {
  if (n === 0) return { value: 0, low: 0, high: 1, n };
  const p = part / n;
  const scale = 1 + Z ** 2 / n;
  const middle = (p + Z ** 2 / (2 * n)) / scale;
  const half = (Z / scale) * Math.sqrt((p * (1 - p)) / n + Z ** 2 / (4 * n ** 2));
  return { value: p, low: Math.max(0, middle - half), high: Math.min(1, middle + half), n };
}

/**
 * Area under the receiver operating characteristic: how often a positive case scores above a negative one, ties half. The
 * interval is that of Hanley & McNeil (1982). 0.5 with one kind of cases only.
 */
export function auroc(cases: readonly { readonly score: number; readonly positive: boolean }[]): Measure {
  const n = cases.length;
  const sorted = [...cases].sort((a, b) => a.score - b.score);
  const positives = sorted.filter(({ positive }) => positive).length;
  const negatives = n - positives;
  if (positives === 0 || negatives === 0) return { value: 0.5, low: 0, high: 1, n };
  let ranks = 0;
  for (let from = 0; from < n; ) {
    let to = from;
    while (to < n && sorted[to]?.score === sorted[from]?.score) to += 1;
    // Ranks from 1; equal scores share the mean of theirs.
    const rank = (from + 1 + to) / 2;
    for (let at = from; at < to; at += 1) if (sorted[at]?.positive) ranks += rank;
    from = to;
  }
  const area = (ranks - (positives * (positives + 1)) / 2) / (positives * negatives);
  const q1 = area / (2 - area);
  const q2 = (2 * area ** 2) / (1 + area);
  const variance =
    (area * (1 - area) + (positives - 1) * (q1 - area ** 2) + (negatives - 1) * (q2 - area ** 2)) /
    (positives * negatives);
  const half = Z * Math.sqrt(Math.max(0, variance));
  return { value: area, low: Math.max(0, area - half), high: Math.min(1, area + half), n };
}
