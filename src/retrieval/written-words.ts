import { createKindAt, widthAt } from "../text/character-kinds.ts";

/** Compares texts by their different words as they are written, without a stemmer and whatever the case. */
export interface WrittenWords {
  /** The text that others are compared with from now on. */
  begin(text: string): void;
  /** How many different words the text has, and how many of those the first one has as well. */
  compare(text: string): { readonly words: number; readonly common: number };
  /** How many different words the first text has. */
  readonly words: number;
}

const OTHER = 1;
const LETTER = 2;
/** A word by itself; also within one that begins with another letter. */
const HAN_LETTER = 3;
/** A word by itself, and never within one. */
const HAN_MARK = 4;

const isHan = /\p{Script=Han}/u;
const isLetter = /[\p{L}\p{N}]/u;
const BASIC_PLANE = 0x1_0000;

const kindAt = createKindAt(kindOf);

/**
 * The words are those of `/\p{Script=Han}|[\p{L}\p{N}]+/gu` in lower case. Han characters, of which a text has hundreds, are told apart by
 * marks in a table: cutting each out and looking it up in a set takes ten times as long.
 */
export function createWrittenWords(): WrittenWords {
  /** By unit: the number of the text that had it last; one table for the first text, one for the others. */
  const firstMarks = new Uint32Array(BASIC_PLANE);
  const marks = new Uint32Array(BASIC_PLANE);
  let texts = 0;
  let first = 0;
  let firstRuns: ReadonlySet<string> = new Set();
  let firstWords = 0;

  return {
    get words() {
      return firstWords;
    },
    begin(text) {
      const { runs, han } = readWords(text.toLowerCase(), firstMarks, nextText());
      first = texts;
      firstRuns = runs;
      firstWords = runs.size + han.length;
    },
    compare(text) {
      const { runs, han } = readWords(text.toLowerCase(), marks, nextText());
      let common = 0;
      for (const unit of han) if (firstMarks[unit] === first) common += 1;
      for (const run of runs) if (firstRuns.has(run)) common += 1;
      return { words: runs.size + han.length, common };
    },
  };

  /** @returns a number that no mark has. */
  function nextText(): number {
    if (texts === 0xffff_ffff) {
      firstMarks.fill(0);
      marks.fill(0);
      firstRuns = new Set();
      texts = 0;
    }
    texts += 1;
    return texts;
  }
}

interface Words {
  /** Words of letters and digits, and Han characters outside the basic plane. */
  readonly runs: ReadonlySet<string>;
  /** The different Han characters of the basic plane. */
  readonly han: readonly number[];
}

function readWords(text: string, marks: Uint32Array, mark: number): Words {
  const runs = new Set<string>();
  const han: number[] = [];
  for (let at = 0; at < text.length; ) {
    const kind = kindAt(text, at);
    const start = at;
    at += widthAt(text, at);
    if (kind === OTHER) continue;
    if (kind === LETTER) {
      while (at < text.length && isInWord(kindAt(text, at))) at += widthAt(text, at);
      runs.add(text.slice(start, at));
    } else if (at > start + 1) runs.add(text.slice(start, at));
    else {
      const unit = text.charCodeAt(start);
      if (marks[unit] === mark) continue;
      marks[unit] = mark;
      han.push(unit);
    }
  }
  return { runs, han };
}

const isInWord = (kind: number) => kind === LETTER || kind === HAN_LETTER;

function kindOf(character: string): number {
  if (isHan.test(character)) return isLetter.test(character) ? HAN_LETTER : HAN_MARK;
  return isLetter.test(character) ? LETTER : OTHER;
}
