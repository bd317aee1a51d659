import { type Figure, figuresIn, isAmong } from "../../../retrieval/figures/figures.ts";
import type { LanguagePack } from "../../rules/language-pack.ts";
import { statementsOf } from "./clauses.ts";
import type { GroundingWords } from "./words.ts";

/** An address or a telephone number: whoever follows it ends up somewhere. */
export const isAddress = (figure: Figure) => figure.kind === "name" && figure.address;

/**
 * Whether a sentence only speaks of figures that the user alone has brought, and claims none of them: it sets one against what is
 * true, denies it, or tells what the user has said, in the same statement. An address needs clearer words: that it is not ours or
 * not known, or that it is the user's own.
 *
 * @param plain the sentence, see `readable`
 */
export function claimsNone(
  plain: string,
  figures: readonly Figure[],
  pack: LanguagePack,
  words: GroundingWords,
): boolean {
  const statements = statementsOf(plain).map((text) => ({ text, figures: figuresIn(text) }));
  const agrees = words.agrees.test(plain);
  return figures.every((figure) => {
    const about = statements.filter((statement) => isAmong(figure, statement.figures));
    // Some stand on both sides of a comma: "June 5, 2026".
    const texts = about.length > 0 ? about.map(({ text }) => text) : [plain];
    return texts.every((text) => (isAddress(figure) ? disowns(text, words) : isSetApart(text, agrees, pack, words)));
  });
}

function disowns(text: string, { disowns: denial, theirs, ours, besides }: GroundingWords): boolean {
  if (besides.test(text)) return false;
  return denial.test(text) || (theirs.test(text) && !ours.test(text));
}

function isSetApart(text: string, agrees: boolean, { grounding }: LanguagePack, words: GroundingWords): boolean {
  const apart = grounding.denies.test(text) || grounding.exceeds.test(text) || words.retells.test(text);
  return apart && !(agrees && words.permits.test(text));
}
