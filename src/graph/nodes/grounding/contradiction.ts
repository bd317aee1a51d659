import type { Figure } from "../../../retrieval/figures/figures.ts";
import type { ReadText, Supporter } from "../../../retrieval/support.ts";
import { isBorneOutBy, isSameSpan } from "./spans.ts";

/** A sentence that a reply is held against. */
export interface GroundSentence {
  /** Without its figures. */
  readonly said: string;
  /** What was said, read once. */
  readonly read: ReadText;
  readonly supports: Supporter;
  readonly figures: readonly Figure[];
  /** What it is about, see `subjectOf`. */
  readonly subject: ReadonlySet<string>;
  /** The same with the headings that it stands under. */
  readonly scope: ReadonlySet<string>;
}

/**
 * How sure it is that a sentence gives a figure to something that has another one of the same unit. `certain`: a sentence of
 * the pages says just this of another figure, and where the figure is, it is something else's. `possible`: neither is clear.
 *
 * @param about what the sentence is about, see `subjectOf`
 */
export function contradictionIn(
  about: ReadonlySet<string>,
  figures: readonly Figure[],
  sentences: readonly GroundSentence[],
): "none" | "possible" | "certain" {
  let found: "none" | "possible" = "none";
  if (about.size === 0) return found;
  for (const figure of figures) {
    if (figure.kind !== "quantity" || figure.unit === null) continue;
    const same = sentences.filter((sentence) => sentence.figures.some((other) => isSameKind(figure, other)));
    const has = (sentence: GroundSentence) => isBorneOutBy(figure, sentence.figures);
    const there = sentences.filter(
      (sentence) =>
        has(sentence) && sentence.figures.some((other) => isSameKind(figure, other) || isSameSpan(figure, other)),
    );
    const rivals = same.filter((sentence) => !has(sentence) && isWithin(about, sentence.scope));
    // What has it may be about just this, or say no more than the figure.
    if (rivals.length === 0 || there.some(({ subject, scope }) => isWithin(about, scope) || isWithin(subject, about)))
      continue;
    if (rivals.some(({ subject }) => isWithin(subject, about))) return "certain";
    found = "possible";
  }
  return found;
}

const isWithin = (some: ReadonlySet<string>, all: ReadonlySet<string>) => [...some].every((term) => all.has(term));

function isSameKind(one: Figure, other: Figure): boolean {
  return one.kind === "quantity" && other.kind === "quantity" && one.unit?.kind === other.unit?.kind;
}
