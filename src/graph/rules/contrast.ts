import type { LanguagePack } from "./language-pack.ts";

// Two Han characters, or a word that is long enough not to be part of another one by chance.
const STEM = "\\p{Script=Han}{2}|[a-z]{4,}";

/**
 * The earlier question with its words turned into what the follow-up contrasts them with: "unopened" becomes "opened"
 * after "and for opened ones?", and "拆封" becomes "未拆封" after "那未拆封的呢？". Without it the old word would win the search.
 */
export function contrasted(question: string, followUp: string, pack: LanguagePack): string {
  return pack.negativePrefixes.reduce((text, prefix) => {
    const negated = new RegExp(`(?<![a-z])${prefix}(${STEM})`, "giu");
    const affirmed = text.replace(negated, (whole, stem: string) =>
      has(followUp, stem) && !has(followUp, whole) ? stem : whole,
    );
    return [...followUp.matchAll(negated)].reduce((rest, [whole, stem = ""]) => {
      if (has(rest, whole)) return rest;
      return rest.replace(new RegExp(`(?<![a-z])${stem}`, "iu"), whole);
    }, affirmed);
  }, question);
}

function has(text: string, part: string): boolean {
  return text.toLowerCase().includes(part.toLowerCase());
}
