import { createKindAt, widthAt } from "./character-kinds.ts";
import type { ChineseWords } from "./chinese-words.ts";
import { segmenterWords } from "./segmenter-words.ts";

/** A stretch of letters and digits of one kind of script. */
export interface Run {
  readonly text: string;
  /** Where the words of it end, where they are not spaced; absent where the run is one word. */
  readonly ends?: readonly number[];
}

const isHan = /\p{Script=Han}/u;
const isUnspaced =
  /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー]/u;
const isMark = /\p{M}/u;
const isWord = /[\p{L}\p{N}]/u;
const JOINTS = "'._-";

const OTHER = 1;
const SPACED = 2;
/** Goes with either kind of run. */
const MARK = 3;
const UNSPACED = 4;
/** Unspaced as well, and mostly alone. */
const HAN = 5;

const kindAt = createKindAt(kindOf);

/**
 * The runs of a folded text in reading order. Spaced: letters, marks and digits, joined by single apostrophes, dots, hyphens
 * and underscores between them. Unspaced: characters of scripts that are written without spaces, with their marks. Of Chinese alone the
 * words are those of `chinese`; of others, Japanese among them, those of `Intl.Segmenter`.
 */
export function runsOf(text: string, chinese: ChineseWords): readonly Run[] {
  const runs: Run[] = [];
  for (let at = 0; at < text.length; ) {
    const kind = kindAt(text, at);
    if (kind === OTHER) {
      at += widthAt(text, at);
      continue;
    }
    const start = at;
    if (kind < UNSPACED) {
      at = endOfSpaced(text, at);
      runs.push({ text: text.slice(start, at) });
      continue;
    }
    const endOfHan = endOf(text, at, HAN);
    at = endOf(text, endOfHan, MARK);
    const run = text.slice(start, at);
    runs.push({ text: run, ends: (at === endOfHan ? chinese : segmenterWords).endsOf(run) });
  }
  return runs;
}

/** Behind the characters from there on that are of this kind or one with a higher number. */
function endOf(text: string, start: number, least: number): number {
  let at = start;
  while (at < text.length && kindAt(text, at) >= least) at += widthAt(text, at);
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
  if (isHan.test(character)) return HAN;
  if (isUnspaced.test(character)) return UNSPACED;
  if (isMark.test(character)) return MARK;
  return isWord.test(character) ? SPACED : OTHER;
}
