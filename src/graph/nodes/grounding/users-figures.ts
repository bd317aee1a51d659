import { type Figure, figuresIn, isAmong } from "../../../retrieval/figures/figures.ts";
import type { Language } from "../../../text/language.ts";
import type { LanguagePack, LanguagePacks } from "../../rules/language-pack.ts";
import { statementsOf } from "./clauses.ts";

type Words = LanguagePack["grounding"];

/** An address or a telephone number: whoever follows it ends up somewhere. */
export const isAddress = (figure: Figure) => figure.kind === "name" && figure.address;

/** Whether a sentence begins with a yes. @param plain the sentence, see `readable` */
export const agrees = (plain: string, { agrees: forms }: Words) => forms.some((form) => plain.search(form) >= 0);

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
  language: Language,
  packs: LanguagePacks,
): boolean {
  const statements = statementsOf(plain, packs).map((text) => ({ text, figures: figuresIn(text) }));
  const words = packs[language].grounding;
  const isYes = agrees(plain, words);
  return figures.every((figure) => {
    const about = statements.filter((statement) => isAmong(figure, statement.figures));
    // Some stand on both sides of a comma: "June 5, 2026".
    const texts = about.length > 0 ? about.map(({ text }) => text) : [plain];
    return texts.every((text) => (isAddress(figure) ? disowns(text, words) : isSetApart(text, isYes, words)));
  });
}

function disowns(text: string, { disowns: denial, theirs, ours, besides }: Words): boolean {
  if (besides.test(text)) return false;
  return denial.test(text) || (theirs.test(text) && !ours.test(text));
}

function isSetApart(text: string, isYes: boolean, { denies, exceeds, retells, permits }: Words): boolean {
  return (denies.test(text) || exceeds.test(text) || retells.test(text)) && !(isYes && permits.test(text));
}
