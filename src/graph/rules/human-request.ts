import { hasMeaning } from "./clauses.ts";
import type { LanguagePack } from "./language-pack.ts";

/** "Human!" or "客服，谢谢" and nothing else: as part of a message, such a word may name anything. */
export function isBareHumanRequest(text: string, pack: LanguagePack): boolean {
  const words = text
    .replace(/[^\p{L}\p{N}']+/gu, " ")
    .replace(/(?<=\p{Script=Han}) | (?=\p{Script=Han})/gu, "")
    .trim();
  return pack.bareHuman.test(words) && !hasMeaning(pack.bareHuman.blank(words));
}
