import { foldText } from "../src/text/normalise.ts";
import { segmenterWords } from "../src/text/segmenter-words.ts";
import { readWordList } from "../src/text/word-list.ts";
import type { Topic } from "./topics.ts";

/** Longer ones are whole clauses, which no other text has. */
const LONGEST = 5;

/**
 * The Chinese words of the training text as the dictionary of the runtime cuts them, and how often each is there; those of the list of light
 * words at least once, as they are of everyday speech too.
 */
export function learnChineseWords(topics: readonly Topic[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const add = (word: string, times: number) => counts.set(word, (counts.get(word) ?? 0) + times);
  for (const { en, zh } of topics) {
    for (const text of [en, zh].flatMap(({ asked, said }) => [...asked, ...said])) {
      for (const [run] of foldText(text).matchAll(/\p{Script=Han}+/gu)) {
        let start = 0;
        for (const end of segmenterWords.endsOf(run)) {
          if (end - start <= LONGEST) add(run.slice(start, end), 1);
          start = end;
        }
      }
    }
  }
  for (const line of readWordList("light-words-zh")) {
    if (line.startsWith("= ")) continue;
    for (const word of line.split(" ")) if (word.length <= LONGEST && !counts.has(word)) add(word, 1);
  }
  return counts;
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
