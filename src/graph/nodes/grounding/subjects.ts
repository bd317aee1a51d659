import { tokenise } from "../../../text/tokenise.ts";
import type { LanguagePacks } from "../../rules/language-pack.ts";

const measures = new WeakMap<LanguagePacks, ReadonlySet<string>>();

/** What a text is about, as terms: without words of grammar, units and verbs of measure. */
export function subjectOf(text: string, packs: LanguagePacks): ReadonlySet<string> {
  let any = measures.get(packs);
  if (!any) {
    any = new Set(Object.values(packs).flatMap(({ grounding }) => grounding.measures.flatMap(termsIn)));
    measures.set(packs, any);
  }
  const known = any;
  return new Set(termsIn(text).filter((term) => !known.has(term)));
}

function termsIn(text: string): readonly string[] {
  return tokenise(text)
    .filter(({ kind, stop }) => kind !== "pair" && !stop)
    .map(({ term }) => term);
}
