export interface Scored {
  readonly id: string;
  /** Above 0, with no end. */
  readonly score: number;
}

export interface RankedText {
  readonly id: string;
  readonly text: string;
}

const K1 = 1.2;
const B = 0.75;

/**
 * The best texts for a question, best first, by plain Okapi BM25 (k1 1.2, b 0.75), the peer: words as they stand, lower case, no stemming; of scripts without spaces every
 * pair of characters. Slow and obvious.
 */
export function plainBm25(texts: readonly RankedText[], limit: number): (question: string) => readonly Scored[] {
  const lengths: number[] = [];
  const holding = new Map<string, Map<number, number>>();
  for (const [index, { text }] of texts.entries()) {
    const words = wordsOf(text);
    lengths.push(words.length);
    for (const word of words) {
      const known = holding.get(word) ?? new Map<number, number>();
      holding.set(word, known.set(index, (known.get(index) ?? 0) + 1));
    }
  }
  const average = lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, lengths.length);
  return (question) => {
    const scores = new Map<number, number>();
    for (const word of wordsOf(question)) {
      const found = holding.get(word);
      if (!found) continue;
      const rarity = Math.log(1 + (texts.length - found.size + 0.5) / (found.size + 0.5));
      for (const [index, often] of found) {
        const damping = K1 * (1 - B + (B * (lengths[index] ?? 0)) / average);
        scores.set(index, (scores.get(index) ?? 0) + (rarity * often * (K1 + 1)) / (often + damping));
      }
    }
    const best = [...scores].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, limit);
    return best.map(([index, score]) => ({ id: texts[index]?.id ?? "", score }));
  };
}

function wordsOf(text: string): readonly string[] {
  const runs =
    text
      .normalize("NFKC")
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  return runs.flatMap((run) => {
    if (!/\p{Script=Han}/u.test(run)) return [run];
    const characters = Array.from(run);
    return characters.length === 1
      ? characters
      : characters.slice(1).map((each, index) => `${characters[index]}${each}`);
  });
}

/** The floor: any texts, in an order that is the same in every run. */
export function atRandom(texts: readonly RankedText[], limit: number): (question: string) => readonly string[] {
  let state = 0x9e3779b9;
  const next = () => {
    // Xorshift (Marsaglia 2003), so that two runs give the same figures.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  return () =>
    Array.from({ length: Math.min(limit, texts.length) }, () => texts[Math.floor(next() * texts.length)]?.id ?? "");
}

/** The share of a reply's words that the passage has, 0 to 1: the peer of every check of support. */
export function wordOverlap(reply: string, passage: string): number {
  const there = new Set(wordsOf(passage));
  const words = wordsOf(reply);
  return words.length === 0 ? 0 : words.filter((word) => there.has(word)).length / words.length;
}
