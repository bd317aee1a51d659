import type { LanguagePacks } from "../../rules/language-pack.ts";

/** Punctuation at which another statement begins. */
const SIGNS = /[，,；;。！!？?—](?!\d)|[:：](?=\s|\p{Script=Han})|\.(?=\s)/gu;

/** The parts of a sentence that each state something, in order; none is empty. */
export function statementsOf(sentence: string, packs: LanguagePacks): readonly string[] {
  const cuts = [SIGNS, ...packs.en.grounding.joins, ...packs.zh.grounding.joins];
  return cuts
    .reduce<readonly string[]>((parts, cut) => parts.flatMap((part) => part.split(cut)), [sentence])
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
