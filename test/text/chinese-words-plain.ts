import { readWordList } from "../../src/text/word-list.ts";

/** The Chinese words that come with the program, with their counts. */
export const shippedCounts: ReadonlyMap<string, number> = readCounts();

function readCounts(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  let count = 0;
  for (const line of readWordList("words-zh")) {
    if (line.startsWith("= ")) count = Number(line.slice(2));
    else for (const word of line.split(" ")) counts.set(word, count);
  }
  return counts;
}

interface Path {
  readonly cost: number;
  readonly words: readonly string[];
}

/** The cheapest way to cut a run, written down plainly: for each place the best of all words that end there, of equal ones the longest. */
export function plainChineseWords(run: string, counts = shippedCounts): readonly string[] {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const costOf = (count: number) => Math.max(1, Math.round(Math.log(total / count) * 256));
  const longest = Math.max(...[...counts.keys()].map((word) => word.length));
  const paths: (Path | undefined)[] = [{ cost: 0, words: [] }];
  for (let end = 1; end <= run.length; end += 1) {
    for (let start = Math.max(0, end - Math.max(2, longest)); start < end; start += 1) {
      const before = paths[start];
      const word = run.slice(start, end);
      const count = counts.get(word);
      if (!before || (count === undefined && Array.from(word).length > 1) || /\p{Surrogate}/u.test(word)) continue;
      const cost = before.cost + (count === undefined ? costOf(1) + 512 : costOf(count));
      if (cost < (paths[end]?.cost ?? Number.POSITIVE_INFINITY)) paths[end] = { cost, words: [...before.words, word] };
    }
  }
  return paths[run.length]?.words ?? [];
}
