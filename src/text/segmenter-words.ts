import type { ChineseWords } from "./chinese-words.ts";

type Word = Pick<Intl.SegmentData, "index" | "segment">;

/** What is used of an `Intl.Segmenter` of words. */
export interface WordSegmenter {
  segment(text: string): Iterable<Word> & { containing(at: number): Word | undefined };
}

/** Units of a run that are cut at once. */
const PIECE = 2_048;
/** Units on either side of a piece that are cut with it, at first: the longest words of the runtime's dictionaries have some dozens. */
const MARGIN = 128;
/** Neighbouring passages of a document share their sentences at the border, and each passage is cut more than once. */
const MOST_KEPT = 100;
const LONGEST_KEPT = 100;

/**
 * The words of the runtime's own dictionaries, which differ from one version of it to the next. What is given belongs to all who ask.
 *
 * In Node 20 the time of each step from a word to the next grows with the whole text, as if that was copied, so a long run is cut in pieces. They begin and end at
 * words of the whole run, which are looked up one by one, and are cut with a margin on either side. How the runtime cuts between two ends of
 * words does not depend on what is beyond the words around: it takes the likeliest path (Chinese, Japanese), of which each part
 * between two of its places is the likeliest too, or looks some words ahead (Thai and others).
 */
export function createSegmenterWords(segmenter: WordSegmenter): ChineseWords {
  const kept = new Map<string, readonly number[]>();

  function cut(text: string): readonly number[] {
    const ends: number[] = [];
    for (const word of segmenter.segment(text)) ends.push(endOf(word));
    return ends;
  }

  /** The words between two ends of words of the run. */
  function between(run: string, start: number, end: number): readonly number[] {
    for (let margin = MARGIN; ; margin *= 2) {
      const from = Math.max(0, start - margin);
      const to = Math.min(run.length, end + margin);
      const ends = cut(run.slice(from, to)).map((each) => from + each);
      const inside = ends.filter((each) => each > start && each <= end);
      const isWhole = from === 0 && to === run.length;
      // Else the margin was too small for the cut to come into step.
      if (isWhole || ((from === start || ends.includes(start)) && inside.at(-1) === end)) return inside;
    }
  }

  function cutLong(run: string): readonly number[] {
    const whole = segmenter.segment(run);
    const ends: number[] = [];
    for (let start = 0; start < run.length; start = ends.at(-1) ?? run.length) {
      const word = whole.containing(start + PIECE);
      for (const end of between(run, start, word ? endOf(word) : run.length)) ends.push(end);
    }
    return ends;
  }

  return {
    endsOf(run) {
      const known = kept.get(run);
      if (known) return known;
      const ends = run.length > 2 * PIECE ? cutLong(run) : cut(run);
      if (run.length > LONGEST_KEPT) return ends;
      if (kept.size >= MOST_KEPT) kept.clear();
      kept.set(run, ends);
      return ends;
    },
  };
}

const endOf = ({ index, segment }: Word) => index + segment.length;

/**
 * Cuts the first text as any later one. Until a process has cut the mark of a long vowel behind another character, the runtime takes "ー茑"
 * for one word, which is two words ever after.
 */
function warmed(segmenter: WordSegmenter): WordSegmenter {
  let isWarm = false;
  return {
    segment(text) {
      if (!isWarm) Array.from(segmenter.segment("カー"));
      isWarm = true;
      return segmenter.segment(text);
    },
  };
}

// Making a segmenter costs milliseconds, using one microseconds.
export const segmenterWords = createSegmenterWords(warmed(new Intl.Segmenter("zh", { granularity: "word" })));
