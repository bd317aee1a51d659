import { createUnitKindAt, WIDE } from "./character-kinds.ts";
import type { ChineseWords } from "./chinese-words.ts";
import { segmenterWords } from "./segmenter-words.ts";

/** Hears of the runs of a text in reading order, each a stretch of letters and digits of one kind of script. */
export interface RunVisitor {
  /** One word, in the units from `from` to before `to`. */
  spaced(from: number, to: number): void;
  /** @param ends where the words of the run end, none at its beginning. */
  unspaced(run: string, ends: readonly number[]): void;
}

const isHan = /\p{Script=Han}/u;
const isUnspaced =
  /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー]/u;
const isMark = /\p{M}/u;
const isWord = /[\p{L}\p{N}]/u;
const JOINTS: ReadonlySet<number> = new Set(Array.from("'._-", (joint) => joint.charCodeAt(0)));

const OTHER = 1;
const SPACED = 2;
/** Goes with either kind of run. */
const MARK = 3;
const UNSPACED = 4;
/** Unspaced as well, and mostly alone. */
const HAN = 5;

const kindAt = createUnitKindAt(kindOf);

/**
 * Goes through the runs of a folded text. Spaced: letters, marks and digits, joined by single apostrophes, dots, hyphens
 * and underscores between them. Unspaced: characters of scripts that are written without spaces, with their marks. Of Chinese alone the
 * words are those of `chinese`; of others, Japanese among them, those of `Intl.Segmenter`.
 * @param units those of the text.
 */
export function visitRuns(text: string, units: Uint16Array, chinese: ChineseWords, visitor: RunVisitor): void {
  const { length } = text;
  for (let at = 0; at < length; ) {
    const found = kindAt(units, at, length);
    const kind = found & ~WIDE;
    if (kind === OTHER) {
      at += widthOf(found);
      continue;
    }
    const start = at;
    if (kind < UNSPACED) {
      at = endOfSpaced(units, at, length);
      visitor.spaced(start, at);
      continue;
    }
    const endOfHan = endOf(units, at, length, HAN);
    at = endOf(units, endOfHan, length, MARK);
    const run = text.slice(start, at);
    visitor.unspaced(run, (at === endOfHan ? chinese : segmenterWords).endsOf(run));
  }
}

/** Behind the characters from there on that are of this kind or one with a higher number. */
function endOf(units: Uint16Array, start: number, length: number, least: number): number {
  let at = start;
  while (at < length) {
    const found = kindAt(units, at, length);
    if ((found & ~WIDE) < least) break;
    at += widthOf(found);
  }
  return at;
}

function endOfSpaced(units: Uint16Array, start: number, length: number): number {
  let at = start;
  for (;;) {
    while (at < length) {
      const found = kindAt(units, at, length);
      if (!isSpaced(found)) break;
      at += widthOf(found);
    }
    if (at + 1 >= length || !JOINTS.has(units[at] as number) || !isSpaced(kindAt(units, at + 1, length))) return at;
    at += 1;
  }
}

const isSpaced = (found: number) => (found & ~WIDE) === SPACED || (found & ~WIDE) === MARK;
const widthOf = (found: number) => (found < WIDE ? 1 : 2);

function kindOf(character: string): number {
  if (isHan.test(character)) return HAN;
  if (isUnspaced.test(character)) return UNSPACED;
  if (isMark.test(character)) return MARK;
  return isWord.test(character) ? SPACED : OTHER;
}
