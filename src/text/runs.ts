import { createKindAt, widthAt } from "./character-kinds.ts";

/** A stretch of letters and digits of one kind of script. */
export interface Run {
  readonly text: string;
  /** The words of it where they are not spaced; absent where the run is one word. */
  readonly segments?: readonly string[];
}

// Making a segmenter costs milliseconds, using one microseconds.
const segmenter = new Intl.Segmenter("zh", { granularity: "word" });

const UNSPACED =
  "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}々ー";
const isUnspaced = new RegExp(`[${UNSPACED}]`, "u");
const isMark = /\p{M}/u;
const isWord = /[\p{L}\p{N}]/u;
const JOINTS = "'._-";

const OTHER = 1;
const SPACED = 2;
/** Goes with either kind of run. */
const MARK = 3;
const UNSPACED_KIND = 4;

const kindAt = createKindAt(kindOf);

/** Segmenting is most of the work, and neighbouring passages of a document share their sentences at the border. */
const segmented = new Map<string, readonly string[]>();
const MOST_SEGMENTED = 100;
const LONGEST_SEGMENTED = 100;

/**
 * The runs of a folded text in reading order. Spaced: letters, marks and digits, joined by single apostrophes, dots, hyphens
 * and underscores between them. Unspaced: characters of scripts that are written without spaces, with their marks.
 */
export function runsOf(text: string): readonly Run[] {
  const runs: Run[] = [];
  const unspaced: number[] = [];
  for (let at = 0; at < text.length; ) {
    const kind = kindAt(text, at);
    if (kind === OTHER) {
      at += widthAt(text, at);
      continue;
    }
    const start = at;
    at = kind === UNSPACED_KIND ? endOfUnspaced(text, at) : endOfSpaced(text, at);
    const run = text.slice(start, at);
    const segments = kind === UNSPACED_KIND ? segmented.get(run) : undefined;
    if (kind === UNSPACED_KIND && !segments) unspaced.push(runs.length);
    runs.push(segments ? { text: run, segments } : { text: run });
  }
  if (unspaced.length > 0) segment(runs, unspaced);
  return runs;
}

/** All new runs of a text at once, as each use of a segmenter costs as much as several words. */
function segment(runs: Run[], unspaced: readonly number[]): void {
  const texts = unspaced.map((index) => runs[index]?.text ?? "");
  if (segmented.size > MOST_SEGMENTED) segmented.clear();
  let segments: string[] = [];
  let next = 0;
  // A line break ends every word, and is none of a run.
  for (const { segment: word } of segmenter.segment(`${texts.join("\n")}\n`)) {
    if (word !== "\n") {
      segments.push(word);
      continue;
    }
    const run = texts[next] ?? "";
    runs[unspaced[next] ?? 0] = { text: run, segments };
    if (run.length <= LONGEST_SEGMENTED) segmented.set(run, segments);
    next += 1;
    segments = [];
  }
}

function endOfUnspaced(text: string, start: number): number {
  let at = start + widthAt(text, start);
  while (at < text.length && kindAt(text, at) >= MARK) at += widthAt(text, at);
  return at;
}

function endOfSpaced(text: string, start: number): number {
  let at = start;
  for (;;) {
    while (at < text.length && isSpaced(kindAt(text, at))) at += widthAt(text, at);
    if (!JOINTS.includes(text.charAt(at)) || at + 1 >= text.length || !isSpaced(kindAt(text, at + 1))) return at;
    at += 1;
  }
}

const isSpaced = (kind: number) => kind === SPACED || kind === MARK;

function kindOf(character: string): number {
  if (isUnspaced.test(character)) return UNSPACED_KIND;
  if (isMark.test(character)) return MARK;
  return isWord.test(character) ? SPACED : OTHER;
}
