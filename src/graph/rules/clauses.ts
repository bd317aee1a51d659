import { type LanguagePack, MAX_RULE_TEXT } from "./language-pack.ts";

/** A message as the rules read it: compatibility forms folded (full-width digits and punctuation), plain apostrophes. */
export function readable(message: string): string {
  return cutAt(message, MAX_RULE_TEXT)
    .normalize("NFKC")
    .replace(/[\u2018\u2019\u02BC]/g, "'")
    .replace(/[\u201C\u201D]/g, '"')
    .replace(/[^\S\n]+/g, " ")
    .trim();
}

// A full stop ends a sentence only before a space or the end, so that 3.5 and a.b@c.d stay whole.
const SENTENCE = /(?:[^.!?。;\n]|\.(?!\s|$))+[.!?。;\n]*/gu;
const COMMA = /[,、]\s*/u;

/** Sentences of readable text with their closing punctuation. */
export function sentencesOf(text: string): readonly string[] {
  return (text.match(SENTENCE) ?? []).map((sentence) => sentence.trim()).filter((sentence) => sentence !== "");
}

/** Parts of a sentence that may each ask for something else. */
export function clausesOf(sentence: string, pack: LanguagePack): readonly string[] {
  return sentence
    .split(COMMA)
    .flatMap((part) => splitAt(part, pack))
    .map((clause) => clause.trim())
    .filter((clause) => hasMeaning(clause));
}

function splitAt(part: string, pack: LanguagePack): readonly string[] {
  const blanked = pack.connectors.blank(part);
  const cuts: string[] = [];
  let from = 0;
  for (let at = 0; at < part.length; at += 1) {
    if (blanked[at] === part[at]) continue;
    cuts.push(part.slice(from, at));
    while (at < part.length && blanked[at] !== part[at]) at += 1;
    from = at;
  }
  return [...cuts, part.slice(from)];
}

export function hasMeaning(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text);
}

/** At most `limit` UTF-16 units from the start, without half a character at the end. */
export function cutAt(text: string, limit: number): string {
  return text.length <= limit ? text : text.slice(0, limit).replace(/[\uD800-\uDBFF]$/, "");
}
