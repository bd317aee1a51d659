import { sentenceSpans } from "../../../text/sentences.ts";
import type { Grounding } from "../../grounding.ts";
import type { Verdict } from "./judge.ts";

/** A text that is let through sentence by sentence. */
export interface GroundedText {
  /** A piece of the reply as it is written. */
  add(piece: string): void;
  /** There is no more of it: lets the last sentence through. */
  end(): void;
  readonly grounding: Grounding;
  /** The sentences that were let through and state something. */
  readonly kept: readonly string[];
}

/** Stands for the sentence before: what follows on it begins no line, and so has no mark of a list. */
const BEFORE = "x。 ";
/** UTF-16 units without an end of a sentence, after which what there is up to the last gap is judged as one. */
const LONGEST_HELD = 1_000;
const LAST_GAP = /[\s，、；](?=[^\s，、；]*$)/u;
/** UTF-16 units that two sentences must have in common at their beginning to be taken for the same. */
const LEAST_ALIKE = 6;
/** A sentence can only end where one of these is. */
const MAY_END = /[.。！？!?…\n]/u;

export interface GroundedTextOptions {
  readonly judge: (sentence: string) => Verdict;
  /** Sentences that may be shown whatever the judge says: those of the reply by rule. */
  readonly verbatim: readonly string[];
  readonly show: (text: string) => void;
}

/**
 * Holds back one sentence at a time until the next one begins, and shows what the judge lets pass, each character as it was
 * written: a piece is late by at most one sentence. As long as a sentence begins like a verbatim one it is shown at once; one that begins
 * like it and is unfounded gives way to it. What stands before a sentence that is left out, such as the mark
 * of a list, goes with it.
 */
export function createGroundedText({ judge, verbatim, show }: GroundedTextOptions): GroundedText {
  const kept: string[] = [];
  let held = "";
  let before = "";
  /** Units of `held` that have been shown: white space, and how a verbatim sentence begins. */
  let ahead = 0;
  let mayEnd = false;
  let hasShown = false;
  let checked = 0;
  let dropped = 0;
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
      dropped += 1;
      const right = likeliest(sentence);
      if (right === undefined) return;
      kept.push(right);
      pass((lead + right).slice(early));
      return;
    }
    if (verdict !== "talk") kept.push(sentence);
    pass(whole.slice(early));
  }

  const unsaid = () => verbatim.filter((one) => !kept.includes(one));

  /** The verbatim sentence that begins most like this one; undefined when none does. */
  function likeliest(sentence: string): string | undefined {
    let most = LEAST_ALIKE - 1;
    let found: string | undefined;
    for (const one of unsaid()) {
      let alike = 0;
      while (alike < one.length && one[alike] === sentence[alike]) alike += 1;
      if (alike <= most) continue;
      most = alike;
      found = one;
    }
    return found;
  }

  function showAhead(): void {
    const begun = held.trimStart();
    if (begun.length < LEAST_ALIKE || !unsaid().some((one) => one.startsWith(begun))) return;
    pass(held.slice(ahead));
    ahead = held.length;
  }

  function pass(text: string): void {
    // Where what came before was left out, nothing is to be kept apart from it.
    const shown = hasShown ? text : text.trimStart();
    if (shown === "") return;
    hasShown = true;
    show(shown);
  }

  /** Lets all sentences through but the last `keep`. */
  function release(keep: 0 | 1): void {
    const text = before + held;
    const spans = sentenceSpans(text).slice(before === "" ? 0 : 1);
    let from = before.length;
    for (const { start, end } of spans.slice(0, Math.max(0, spans.length - keep))) {
      settle(text.slice(from, start), text.slice(start, end));
      from = end;
      before = BEFORE;
    }
    held = text.slice(from);
    mayEnd = MAY_END.test(held);
  }

  /** Never between the digits of a number. */
  function releaseLong(): void {
    const gap = held.search(LAST_GAP);
    if (gap <= 0) return;
    const rest = held.slice(gap);
    held = held.slice(0, gap);
    release(0);
    held += rest;
  }

  return {
    add(piece) {
      held += piece;
      mayEnd ||= MAY_END.test(piece);
      if (mayEnd) release(1);
      if (held.length > LONGEST_HELD) releaseLong();
      showAhead();
    },
    end() {
      release(0);
      // Signs behind the last sentence, or a reply of signs alone.
      if (hasShown || dropped === 0) pass(held.slice(ahead));
      held = "";
    },
    get grounding() {
      return { checked, dropped, doubted };
    },
    kept,
  };
}
