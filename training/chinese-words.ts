import { createChineseWords } from "../src/text/chinese-words.ts";
import { foldText } from "../src/text/normalise.ts";
import { readWordList } from "../src/text/word-list.ts";
import type { Topic } from "./topics.ts";

/** Longer ones are whole clauses, which no other text has. */
const LONGEST = 5;
/** After so many hardly a count changes. */
const ROUNDS = 5;

/**
 * How often each of the listed words, each light word and each single character stands in the training text, as the text is cut by those
 * counts; one that does not stand there is given 1. Begins with all places where a word might stand, then cuts and counts again (the
 * expectation-maximisation of a unigram model, by its best path alone).
 * @param listed words that may be cut, of more characters than one.
 */
export function learnChineseWords(topics: readonly Topic[], listed: readonly string[]): ReadonlyMap<string, number> {
  const light = readWordList("light-words-zh").flatMap((line) => (line.startsWith("= ") ? [] : line.split(" ")));
  const words = new Set([...listed, ...light].filter((word) => word.length <= LONGEST));
  const runs = [...runsOf(topics)];
  let counts = countPlaces(runs, words);
  for (let round = 0; round < ROUNDS; round += 1) counts = countCut(runs, words, counts);
  return counts;
}

function* runsOf(topics: readonly Topic[]): Iterable<string> {
  for (const { en, zh } of topics)
    for (const text of [en, zh].flatMap(({ asked, said }) => [...asked, ...said]))
      for (const [run] of foldText(text).matchAll(/\p{Script=Han}+/gu)) yield run;
}

function countPlaces(runs: readonly string[], words: ReadonlySet<string>): ReadonlyMap<string, number> {
  const counts = createCounts(words);
  for (const run of runs) {
    for (let start = 0; start < run.length; start += 1) {
      for (let length = 1; length <= LONGEST && start + length <= run.length; length += 1) {
        const part = run.slice(start, start + length);
        if (length === 1 || words.has(part)) counts.add(part);
      }
    }
  }
  return counts.all();
}

function countCut(
  runs: readonly string[],
  words: ReadonlySet<string>,
  before: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const cutter = createChineseWords(before);
  const counts = createCounts(words);
  for (const run of runs) {
    let start = 0;
    for (const end of cutter.endsOf(run)) {
      counts.add(run.slice(start, end));
      start = end;
    }
  }
  return counts.all();
}

function createCounts(words: ReadonlySet<string>) {
  const counts = new Map<string, number>();
  return {
    add: (word: string) => counts.set(word, (counts.get(word) ?? 0) + 1),
    all(): ReadonlyMap<string, number> {
      for (const word of words) if (!counts.has(word)) counts.set(word, 1);
      return counts;
    },
  };
}

const HEAD = `# Chinese words with how often each stands in the training text: \`src/text/chinese-words.ts\` tells the form. \`npm run train\` makes this file.`;
const LINE_UNITS = 100;

/** As \`src/text/chinese-words.ts\` reads them: behind a line \`= COUNT\` the words that are there so often, the commonest first. */
export function encodeChineseWords(counts: ReadonlyMap<string, number>): string {
  const groups = new Map<number, string[]>();
  for (const [word, count] of counts) groups.set(count, [...(groups.get(count) ?? []), word]);
  const lines = [...groups]
    .sort(([one], [other]) => other - one)
    .flatMap(([count, words]) => [`= ${count}`, ...linesOf(words.sort())]);
  return `${[HEAD, ...lines].join("\n")}\n`;
}

function linesOf(words: readonly string[]): readonly string[] {
  const lines: string[] = [];
  for (const word of words) {
    const line = lines.at(-1);
    if (line === undefined || line.length + word.length >= LINE_UNITS) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
