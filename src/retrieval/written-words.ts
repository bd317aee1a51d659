import { createUnitKindAt, WIDE } from "../text/character-kinds.ts";
import { createStretches, type Stretches } from "../text/stretches.ts";

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

const kindAt = createUnitKindAt(kindOf);

/** Numbers of texts after which marks begin anew with the next first text: half of what a mark can hold, as texts are compared with it in between. */
const LAST_TEXT = 0x7fff_ffff;

/**
 * The words are those of `/\p{Script=Han}|[\p{L}\p{N}]+/gu` in lower case. Han characters, of which a text has hundreds, are told apart by
 * marks in a table, and other words by where they stand: cutting each out and looking it up in a set takes several times as long, and
 * leaves much to collect.
 */
export function createWrittenWords(): WrittenWords {
  /** By unit: the number of the text that had it last; one table for the first text, one for the others. */
  const firstMarks = new Uint32Array(BASIC_PLANE);
  const marks = new Uint32Array(BASIC_PLANE);
  /** Words of letters and digits, and Han characters outside the basic plane. */
  const firstRuns = createStretches();
  const runs = createStretches();
  let texts = 0;
  let first = 0;
  let firstWords = 0;

  return {
    get words() {
      return firstWords;
    },
    begin(text) {
      if (texts > LAST_TEXT) forgetMarks();
      first = nextText();
      firstWords = 0;
      const count = () => {
        firstWords += 1;
      };
      readWords(text.toLowerCase(), { marks: firstMarks, mark: first, runs: firstRuns, onHan: count, onRun: count });
    },
    compare(text) {
      let words = 0;
      let common = 0;
      readWords(text.toLowerCase(), {
        marks,
        mark: nextText(),
        runs,
        onHan(unit) {
          words += 1;
          if (firstMarks[unit] === first) common += 1;
        },
        onRun() {
          words += 1;
          if (firstRuns.hasLastOf(runs)) common += 1;
        },
      });
      return { words, common };
    },
  };

  function forgetMarks(): void {
    firstMarks.fill(0);
    marks.fill(0);
    texts = 0;
  }

  /** @returns a number that no mark has. */
  function nextText(): number {
    texts += 1;
    return texts;
  }
}

interface Reading {
  /** What is read now: `mark` stands in `marks` for each Han character of the basic plane that has come. */
  readonly marks: Uint32Array;
  readonly mark: number;
  readonly runs: Stretches;
  /** A Han character of the basic plane that has not come before. */
  readonly onHan: (unit: number) => void;
  /** Any other word that has not come before: what was added to `runs` last. */
  readonly onRun: () => void;
}

function readWords(text: string, { marks, mark, runs, onHan, onRun }: Reading): void {
  const length = runs.begin(text);
  const { units } = runs;
  for (let at = 0; at < length; ) {
    const start = at;
    const found = kindAt(units, at, length);
    const kind = found & ~WIDE;
    at += widthOf(found);
    if (kind === OTHER) continue;
    if (kind === LETTER) {
      at = endOfWord(units, at, length);
    } else if (found < WIDE) {
      const unit = units[start] as number;
      if (marks[unit] === mark) continue;
      marks[unit] = mark;
      onHan(unit);
      continue;
    }
    if (runs.add(start, at)) onRun();
  }
}

function endOfWord(units: Uint16Array, from: number, length: number): number {
  let at = from;
  while (at < length) {
    const found = kindAt(units, at, length);
    const kind = found & ~WIDE;
    if (kind !== LETTER && kind !== HAN_LETTER) break;
    at += widthOf(found);
  }
  return at;
}

const widthOf = (found: number) => (found < WIDE ? 1 : 2);

function kindOf(character: string): number {
  if (isHan.test(character)) return isLetter.test(character) ? HAN_LETTER : HAN_MARK;
  return isLetter.test(character) ? LETTER : OTHER;
}
