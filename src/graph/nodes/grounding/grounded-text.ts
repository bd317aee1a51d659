import { sentenceSpans } from "../../../text/sentences.ts";
import type { Grounding } from "../../grounding.ts";
import { createOpenMarks } from "./open-marks.ts";
import type { Verdict } from "./verdict.ts";

/** A text that is let through sentence by sentence. */
export interface GroundedText {
  /** A piece of the reply as it is written. */
  add(piece: string): void;
  /** There is no more of it: lets the last sentence through. */
  end(): void;
  readonly grounding: Grounding;
  /** The sentences that were let through and state something. */
  readonly kept: readonly string[];
  /** Those of them that are borne out. */
  readonly sure: readonly string[];
  /** The other ones that were let through. */
  readonly talk: readonly string[];
  /** Those that were left out, as they were written. */
  readonly left: readonly string[];
}

/** Stands for the sentence before: what follows on it begins no line, and so has no mark of a list. */
const BEFORE = "x。 ";
/**
 * UTF-16 units without an end of a sentence, after which what there is up to the last gap is judged as one; and those without a
 * letter or digit, after which what there is is no part of a sentence any more.
 */
const LONGEST_HELD = 1_000;
const GAP = /[\s，、；]/u;
/** UTF-16 units of a verbatim sentence that another one must begin with to be taken for it, and the share of it behind the first one. */
const LEAST_ALIKE = 6;
const SHARE_ALIKE = 0.5;
/** A sentence can only end where one of these is; a line ends one whatever it ends with. */
const MAY_END = /[.。！？!?…]/u;
const HALF = /[\uD800-\uDBFF]$/;
const HAN = /\p{Script=Han}/u;
const SAYS = /[\p{L}\p{N}]/u;

export interface GroundedTextOptions {
  readonly judge: (sentence: string) => Verdict;
  /** Sentences that may be shown whatever the judge says: those of the reply by rule. */
  readonly verbatim: readonly string[];
  readonly show: (text: string) => void;
}

/**
 * Holds back one sentence at a time until the next one begins or its line ends, and shows what the judge lets pass, each character as it
 * was written: a piece is late by at most one sentence. A verbatim sentence is shown as it is written: the first of a reply from its
 * sixth letter on, so that there is something to read at once, a later one from its half. One that is unfounded gives way to the
 * verbatim one whose beginning was shown, whose half it begins with, or which it is but for a figure. What stands before a sentence that is left out, such as the mark
 * of a list, goes with it, and a mark whose other half went is closed or left out. What is shown does not depend on how the text
 * is cut into pieces, and takes a bounded number of steps for each character.
 */
export function createGroundedText({ judge, verbatim, show }: GroundedTextOptions): GroundedText {
  const kept: string[] = [];
  const sure: string[] = [];
  const talk: string[] = [];
  const left: string[] = [];
  const unsaid = new Set(verbatim);
  const marks = createOpenMarks();
  let held = "";
  let before = "";
  /** Units of `held` that have been shown: white space, and how a verbatim sentence begins. */
  let ahead = 0;
  /** A sentence may have ended, and nothing has followed yet that could begin one. */
  let mayEnd = false;
  /** No verbatim sentence begins like what is held. */
  let astray = false;
  /** Where the last gap of `held` is, 0 for none. */
  let gap = 0;
  /** Units since the last letter or digit. */
  let quiet = 0;
  /** Length of `held` from which on it is looked at again: after a vain look at a long one, twice that. */
  let lookFrom = 0;
  /** The first half of a character whose second half is in the next piece. */
  let half = "";
  /** What was let through of the current piece: it is shown at once. */
  let out = "";
  let hasShown = false;
  let checked = 0;
  let doubted = 0;

  /** @param lead what stands between the sentence before and this one. */
  function settle(lead: string, sentence: string): void {
    const verdict = judge(sentence);
    const whole = lead + sentence;
    const early = Math.min(ahead, whole.length);
    ahead -= early;
    if (verdict !== "talk") checked += 1;
    if (verdict === "doubted") doubted += 1;
    if (verdict === "unfounded") {
      left.push(sentence);
      const right = likeliest(sentence, early > lead.length);
      const instead = right === undefined ? "" : lead + right;
      if (right !== undefined) keep(right, true);
      pass(instead.slice(early) + marks.leftOut(whole, instead));
      return;
    }
    if (verdict === "talk") talk.push(sentence);
    else keep(sentence, verdict === "borne_out");
    pass(marks.shown(whole).slice(early));
  }

  function keep(sentence: string, isBorneOut: boolean): void {
    kept.push(sentence);
    if (isBorneOut) sure.push(sentence);
    unsaid.delete(sentence);
  }

  /**
   * The verbatim sentence that this one is up to where it goes wrong; undefined when there is none.
   * @param isBegun a part of this one was shown: it has to be ended as the verbatim one that begins with it.
   */
  function likeliest(sentence: string, isBegun: boolean): string | undefined {
    let most = 0;
    let found: string | undefined;
    for (const one of unsaid) {
      let alike = 0;
      while (alike < one.length && one[alike] === sentence[alike]) alike += 1;
      if (alike <= most || !(isBegun || isHalf(alike, one) || isFigureAt(alike, one, sentence))) continue;
      most = alike;
      found = one;
    }
    return found;
  }

  function showAhead(): void {
    if (astray || unsaid.size === 0 || marks.uneven) return;
    const begun = held.trimStart();
    if (begun === "") return;
    const alike = [...unsaid].filter((one) => one.startsWith(begun));
    if (alike.length === 0) astray = true;
    const isFirst = !hasShown || ahead > held.length - begun.length;
    if (begun.length < LEAST_ALIKE || !alike.some((one) => isFirst || isHalf(begun.length, one))) return;
    pass(held.slice(ahead));
    ahead = held.length;
  }

  function pass(text: string): void {
    // Where what came before was left out, nothing is to be kept apart from it.
    const shown = hasShown ? text : text.trimStart();
    if (shown === "") return;
    hasShown = true;
    out += shown;
  }

  function showOut(): void {
    if (out !== "") show(out);
    out = "";
  }

  /** Lets all sentences through but the last `last`. */
  function release(last: 0 | 1): void {
    const text = before + held;
    const spans = sentenceSpans(text).slice(before === "" ? 0 : 1);
    let from = before.length;
    for (const { start, end } of spans.slice(0, Math.max(0, spans.length - last))) {
      settle(text.slice(from, start), text.slice(start, end));
      from = end;
      before = BEFORE;
      astray = false;
    }
    held = text.slice(from);
    lookFrom = held.length > LONGEST_HELD ? held.length * 2 : 0;
    mayEnd = lookFrom > 0;
    gap = 0;
  }

  function releaseLong(): void {
    const rest = held.slice(gap);
    held = held.slice(0, gap);
    release(0);
    held += rest;
  }

  /** Signs that belong to no sentence. */
  function passSigns(): void {
    if (hasShown || left.length === 0) pass(marks.shown(held).slice(ahead));
    held = "";
    ahead = 0;
    gap = 0;
  }

  /** @param character a code point, or half of one that has no other half. */
  function take(character: string): void {
    if (character === "\n") {
      release(0);
      if (held.length > LONGEST_HELD) passSigns();
      before = "";
      astray = false;
    }
    held += character;
    if (SAYS.test(character)) {
      quiet = 0;
      // "3.5", "e.g."
      const isInside = held.at(-2) === "." && !HAN.test(character);
      if (mayEnd && !isInside && held.length >= lookFrom) release(1);
    } else {
      quiet += 1;
      if (MAY_END.test(character)) mayEnd = true;
      // Never behind a digit: its unit may follow.
      if (GAP.test(character) && !/\p{N}/u.test(held.at(-2) ?? "")) gap = held.length - 1;
    }
    if (quiet > LONGEST_HELD) {
      release(0);
      passSigns();
    } else if (held.length > LONGEST_HELD && gap > 0) releaseLong();
    showAhead();
  }

  return {
    add(piece) {
      const text = half + piece;
      const end = HALF.test(text) ? text.length - 1 : text.length;
      half = text.slice(end);
      for (const character of text.slice(0, end)) take(character);
      showOut();
    },
    end() {
      if (half !== "") take(half);
      release(0);
      passSigns();
      showOut();
    },
    get grounding() {
      return { checked, dropped: left.length, doubted };
    },
    kept,
    sure,
    talk,
    left,
  };
}

const isHalf = (length: number, of: string) => length >= LEAST_ALIKE && length >= of.length * SHARE_ALIKE;

const DIGIT = /\p{Nd}/u;
/** Whether two sentences that are alike up to there have another figure from there on. */
function isFigureAt(at: number, one: string, other: string): boolean {
  if (at < LEAST_ALIKE) return false;
  const [mine, theirs] = [DIGIT.test(one.charAt(at)), DIGIT.test(other.charAt(at))];
  return (mine && theirs) || ((mine || theirs) && DIGIT.test(one.charAt(at - 1)));
}
