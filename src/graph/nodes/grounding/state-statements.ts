import { readable } from "../../rules/clauses.ts";
import type { LanguagePack } from "../../rules/language-pack.ts";
import type { Matcher } from "../../rules/phrase.ts";

/** A part of a sentence. */
export interface StateStatement {
  /** What it says of how things are: without what is only supposed, foreseen, reported or true of all. */
  readonly stated: string;
  /** All of it, for the records that it names. */
  readonly whole: string;
  /** It has no verb of its own, and is to be read like the part before: "will be packed and shipped". */
  readonly isBare: boolean;
}

/** Punctuation between parts of a sentence; none inside a number or a name. */
const SIGNS = /[、;；。！!()（）—|]+|(?<!\d)[,，]+|[,，]+(?!\d)|[:：](?=\s|\p{Script=Han})|\.(?=\s|$)|\s[-–]\s/u;
const SAYS = /[\p{L}\p{N}]/u;

/** The parts of a sentence in order. */
export function stateStatementsOf(sentence: string, { states }: LanguagePack["grounding"]): readonly StateStatement[] {
  /** The parts before suppose something, and what follows on it is supposed as well. */
  let isSupposed = false;
  return readable(sentence)
    .split(SIGNS)
    .flatMap((part) => {
      const pieces = piecesOf(part, states.joins);
      const isTurned = pieces.length > 1 && !SAYS.test(pieces[0] ?? "");
      if (isTurned) isSupposed = false;
      const isAside = states.generalises.test(part) || states.reports.test(part);
      return pieces
        .filter((piece) => SAYS.test(piece))
        .map((whole): StateStatement => {
          const at = startOf(states.supposes, whole);
          const facts = at < 0 ? whole : whole.slice(0, at);
          const isFact = !isAside && !isSupposed && !states.foresees.test(facts);
          if (at >= 0 && !SAYS.test(facts)) isSupposed = true;
          const isBare = states.verbs !== undefined && !states.verbs.test(whole);
          return { stated: isFact ? facts : "", whole, isBare };
        });
    });
}

function piecesOf(part: string, joins: readonly RegExp[]): readonly string[] {
  return joins.reduce<readonly string[]>((pieces, join) => pieces.flatMap((piece) => piece.split(join)), [part]);
}

/** Where the first of the words is, -1 for nowhere. */
export function startOf(words: Matcher, text: string): number {
  const blanked = words.blank(text);
  if (blanked === text) return -1;
  let at = 0;
  while (blanked[at] === text[at]) at += 1;
  return at;
}
