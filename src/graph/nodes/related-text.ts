import { placeOf } from "../../retrieval/library-chunk.ts";
import type { Related } from "../related.ts";
import { cutAt } from "../rules/clauses.ts";
import { fill, type LanguagePack } from "../rules/language-pack.ts";

/** UTF-16 units of a name that is said; the whole one stands with its section. */
const LONGEST_NAME = 60;

/**
 * One line that names where an answer may be, without saying that it is there: the innermost heading of each section, or the title of
 * its document where it has none, equal names once. Undefined when there are none.
 */
export function relatedText(related: readonly Related[], { related: words }: LanguagePack): string | undefined {
  if (related.length === 0) return undefined;
  const { line, name, gap } = words;
  const names = new Set(related.map(({ title, heading }) => shortened(placeOf(title, heading).topic)));
  return fill(line, { names: [...names].map((each) => fill(name, { name: each })).join(gap) });
}

function shortened(name: string): string {
  return name.length <= LONGEST_NAME ? name : `${cutAt(name, LONGEST_NAME - 1).trimEnd()}…`;
}
