import { widthAt } from "./character-kinds.ts";
import { madeInSteps } from "./in-steps.ts";
import { createPairNumbers } from "./pair-numbers.ts";
import { unitsOf } from "./pair-table.ts";
import { atOnce, type Steps } from "./steps.ts";
import { readWordList } from "./word-list.ts";

/** Cuts a run of Chinese characters into words. */
export interface ChineseWords {
  /**
   * Where each word ends, rising, the last one at the end of the run. The likeliest words: those whose frequencies have the largest product
   * (a unigram model, with the path of Viterbi 1967). A character that is in no word is one by itself. Takes as long as the run is.
   */
  endsOf(run: string): readonly number[];
}

/** Costs are whole numbers, so that equal ones are equal on every machine: this is that of a word that is e times rarer. */
const UNIT = 256;
/** How much rarer than the rarest word a character is that is not known, as a logarithm. */
const UNKNOWN = 2;
const UNITS = 0x1_0000;
/** Marks of a unit: a longer word begins with it, and has it as its second. */
const BEGINS = 1;
const SECOND = 2;

/** The list that comes with the program, in `resources/words`. Whoever keeps what was made by it has to know when it becomes another one. */
export const CHINESE_WORDS = "words-zh";

const shipped = madeInSteps(() => makeChineseWords(countsIn(readWordList(CHINESE_WORDS))));

/** By that list. What `loadChineseWords` has not done by now is done at once: some 50 milliseconds. */
export const chineseWords: () => ChineseWords = shipped.get;

/** Makes `chineseWords` ready in small steps. */
export const loadChineseWords: () => Steps<ChineseWords> = shipped.load;

/** Words of one step, and the characters that one takes as long as. */
const AT_ONCE = 512;
const COST = 20;

/** Behind a line `= COUNT` the words that stand so often in the text that they were learnt from. */
function* countsIn(lines: readonly string[]): Iterable<readonly [string, number]> {
  let count = 1;
  for (const line of lines) {
    if (line.startsWith("= ")) count = Number(line.slice(2));
    else for (const word of line.split(" ")) yield [word, count];
  }
}

/** @param counts words of at least one unit, and how often each stands in some text, 1 or more. */
export function createChineseWords(counts: Iterable<readonly [string, number]>): ChineseWords {
  return atOnce(makeChineseWords(counts));
}

/** The same in small steps. */
export function* makeChineseWords(counts: Iterable<readonly [string, number]>): Steps<ChineseWords> {
  const words: (readonly [string, number])[] = [];
  let total = 0;
  for (const each of counts) {
    if (words.length % AT_ONCE === 0) yield AT_ONCE * COST;
    words.push(each);
    total += each[1];
  }
  const costOf = (count: number) => Math.max(1, Math.round(Math.log(total / count) * UNIT));
  const unknown = costOf(1) + UNKNOWN * UNIT;
  const marks = new Uint8Array(UNITS);
  /** By unit, of words of one unit. */
  const single = new Uint16Array(UNITS).fill(unknown);
  /** Beginnings of two units and more, by number: what the word that ends there costs, 0 where none does. */
  const costs: number[] = [];
  /** Whether a longer word goes on. */
  const goesOn: boolean[] = [];
  const pairs = createPairNumbers();
  /** Of a beginning and the unit behind it. */
  const next = createPairNumbers();

  function beginningOf(table: typeof pairs, key: number): number {
    const known = table.find(key);
    if (known >= 0) return known;
    table.put(key, costs.length);
    costs.push(0);
    goesOn.push(false);
    return costs.length - 1;
  }

  function add(word: string, count: number): void {
    if (word.length === 1) {
      single[word.charCodeAt(0)] = costOf(count);
      return;
    }
    marks[word.charCodeAt(0)] = (marks[word.charCodeAt(0)] ?? 0) | BEGINS;
    marks[word.charCodeAt(1)] = (marks[word.charCodeAt(1)] ?? 0) | SECOND;
    let beginning = beginningOf(pairs, unitsOf(word.slice(0, 2)));
    for (let unit = 2; unit < word.length; unit += 1) {
      goesOn[beginning] = true;
      beginning = beginningOf(next, (beginning << 16) | word.charCodeAt(unit));
    }
    costs[beginning] = costOf(count);
  }

  for (let at = 0; at < words.length; at += 1) {
    if (at % AT_ONCE === 0) yield AT_ONCE * COST;
    const [word, count] = words[at] as (typeof words)[number];
    add(word, count);
  }

  /** By place in the run: what the best words up to there cost, and where the last of them begins. Kept from one run to the next. */
  let best = new Float64Array(0);
  let from = new Int32Array(0);

  function offer(start: number, end: number, cost: number): void {
    const sum = (best[start] as number) + cost;
    if (sum >= (best[end] as number)) return;
    best[end] = sum;
    from[end] = start;
  }

  return {
    endsOf(run) {
      if (best.length <= run.length) {
        best = new Float64Array(run.length * 2 + 1);
        from = new Int32Array(run.length * 2 + 1);
      }
      best.fill(Number.POSITIVE_INFINITY, 1, run.length + 1);
      let unit = run.charCodeAt(0);
      for (let at = 0; at < run.length; at += 1) {
        const here = unit;
        unit = run.charCodeAt(at + 1);
        // Within a character that is not known nothing begins.
        if (best[at] === Number.POSITIVE_INFINITY) continue;
        const width = widthAt(run, at);
        offer(at, at + width, width === 1 ? (single[here] as number) : unknown);
        if (at + 1 === run.length || !((marks[here] as number) & BEGINS && (marks[unit] as number) & SECOND)) continue;
        let beginning = pairs.find((here << 16) | unit);
        for (let end = at + 2; beginning >= 0; end += 1) {
          const cost = costs[beginning] as number;
          if (cost > 0) offer(at, end, cost);
          if (!goesOn[beginning] || end === run.length) break;
          beginning = next.find((beginning << 16) | run.charCodeAt(end));
        }
      }
      const ends: number[] = [];
      for (let end = run.length; end > 0; end = from[end] as number) ends.push(end);
      return ends.reverse();
    },
  };
}
