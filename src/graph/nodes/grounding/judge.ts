import {
  type Figure,
  figuresIn,
  hasUnreadFigure,
  isAmong,
  withoutFigures,
} from "../../../retrieval/figures/figures.ts";
import { type ReadText, readText, supporter } from "../../../retrieval/support.ts";
import { detectLanguage, type Language } from "../../../text/language.ts";
import { tokenise } from "../../../text/tokenise.ts";
import { contentOf } from "../../rules/analyse.ts";
import { readable } from "../../rules/clauses.ts";
import type { LanguagePacks } from "../../rules/language-pack.ts";
import { contradictionIn } from "./contradiction.ts";
import type { Ground, Grounds } from "./grounds.ts";
import { withoutNumbering } from "./numbering.ts";
import { groupedCodes, judgeByRecords } from "./record-figures.ts";
import { isBorneOutBy } from "./spans.ts";
import { stateClaimsIn } from "./states.ts";
import { subjectOf } from "./subjects.ts";
import { claimsNone, isAddress } from "./users-figures.ts";
import type { Verdict } from "./verdict.ts";

/**
 * Below it a sentence is doubted. Measured on 1,148 replies that people had judged (BEGIN): 6 % of those that the passage says are
 * doubted and none is unfounded; of those that it does not say 29 % are let through, half of them as questions or talk.
 */
export const DOUBT = 0.2;
/** From here on the words of a sentence are those of our own offers and regrets. */
const OWN = 0.5;
/** From here on a sentence says what another one says, so that it must not deny what that one does not. */
const ALIKE = 0.7;
/** Numbers in words up to here, of nothing that is measured, count the parts of what is said: "two ways". */
const MOST_COUNTED = 12;

/** Judges the sentences of one reply by what came back. Costs less than a millisecond for a sentence. */
export function createJudge(grounds: Grounds, packs: LanguagePacks): (sentence: string) => Verdict {
  const codes = grounds.searched ? [] : groupedCodes(grounds.recorded);
  // What cannot be read for sure cannot be compared.
  return (sentence) => {
    const verdict = judged(sentence);
    return verdict === "borne_out" && hasUnreadFigure(sentence) ? "doubted" : verdict;
  };

  function judged(sentence: string): Verdict {
    const language = detectLanguage(sentence);
    const plain = readable(sentence);
    const figures = figuresStated(sentence, language);
    const isQuestion = /[?？]["'”’」』）)\]*_]*$/u.test(sentence);
    const byFigures = grounds.searched
      ? judgeByPages(plain, figures, isQuestion, language)
      : judgeByRecords({ plain, figures, isQuestion, language }, grounds, packs);
    if (byFigures === "unfounded" || byFigures === "talk") return byFigures;
    if (!isQuestion && tellsWrongState(sentence, plain, language)) return "unfounded";
    if (byFigures === "doubted") return byFigures;
    if (isQuestion || isTalk(plain, figures.length > 0, language)) return "talk";
    // A record is told in many ways, and is told rightly where its figures are.
    if (!grounds.searched || figures.some((figure) => isAmong(figure, grounds.recorded))) return "borne_out";
    return judgeByWords(plain, figures, language);
  }

  function judgeByPages(
    plain: string,
    figures: readonly Figure[],
    isQuestion: boolean,
    language: Language,
  ): Verdict | "sound" {
    const { begun, ends, days } = grounds.told;
    // As many days may have gone by as the user likes: that is no term.
    const reckoned = packs[language].grounding.elapses.test(plain) ? [...ends, ...days] : ends;
    const isReckoned = figures.some((figure) => isBorneOutBy(figure, reckoned));
    const follows = (figure: Figure) =>
      isBorneOutBy(figure, reckoned) || (isReckoned && figure.kind === "date" && isBorneOutBy(figure, begun));
    const unknown = figures.filter(
      (figure) => !isBorneOutBy(figure, grounds.figures) && !isBorneOutBy(figure, grounds.derived) && !follows(figure),
    );
    // Of codes it is enough that somebody said them; an address is ours only where we gave it ourselves.
    const users = unknown.filter(
      (figure) => figure.kind !== "name" || !isAmong(figure, figure.address ? grounds.repeated : grounds.said),
    );
    if (users.length === 0) return "sound";
    const made = users.filter((figure) => !isAmong(figure, grounds.said));
    const mayBeThere = grounds.unread && made.every(({ kind }) => kind === "quantity");
    if (made.length > 0) return mayBeThere ? "doubted" : "unfounded";
    if (isQuestion && !users.some(isAddress)) return "talk";
    if (!claimsNone(plain, users, language, packs)) return "unfounded";
    return isQuestion ? "talk" : "doubted";
  }

  function tellsWrongState(sentence: string, plain: string, language: Language): boolean {
    if (stateClaimsIn(sentence, grounds.states, packs).every(({ isSo }) => isSo)) return false;
    // A rule of the pages is one for all records.
    const ground = grounds.searched ? grounds.texts[language] : undefined;
    if (!ground) return true;
    const { courtesy, denies } = packs[language].grounding;
    const said = withoutFigures(courtesy.blank(plain));
    const nearest = nearestOf(readText(said), ground);
    return nearest === undefined || denies.count(nearest) !== denies.count(said);
  }

  function judgeByWords(plain: string, figures: readonly Figure[], language: Language): Verdict {
    const ground = grounds.texts[language];
    if (!ground) return "borne_out";
    const { courtesy, denies } = packs[language].grounding;
    const said = withoutFigures(courtesy.blank(plain));
    const contradiction = contradictionIn(subjectOf(said, packs), figures, ground.sentences);
    if (contradiction === "certain") return "unfounded";
    if (contradiction === "possible") return "doubted";
    const read = readText(said);
    if (ground.supports(read) < DOUBT) return "doubted";
    const nearest = nearestOf(read, ground);
    return nearest !== undefined && denies.count(nearest) !== denies.count(said) ? "doubted" : "borne_out";
  }

  function isTalk(plain: string, hasFigures: boolean, language: Language): boolean {
    const pack = packs[language];
    const rest = pack.grounding.courtesy.blank(plain);
    if (!contentOf(rest, pack) || !tokenise(rest).some(({ kind, stop }) => kind === "word" && !stop)) return true;
    if (hasFigures) return false;
    const { supports, sentences } = grounds.own[language];
    const read = readText(plain);
    return supports(read) >= OWN && sentences.some((sentence) => sentence(read) >= OWN);
  }

  /** The figures that a sentence states, without those that only number or count its parts. */
  function figuresStated(sentence: string, language: Language): readonly Figure[] {
    const rest = codes.reduce((text, code) => text.replace(code, " "), sentence);
    return figuresIn(withoutNumbering(rest, language, packs)).filter(
      (figure) => figure.kind !== "quantity" || !figure.spelled || figure.unit !== null || figure.value > MOST_COUNTED,
    );
  }
}

/** The sentence that says the same but for a word or two; undefined when none does. */
function nearestOf(words: ReadText, { sentences }: Ground): string | undefined {
  const supports = supporter([words]);
  let best = ALIKE;
  let nearest: string | undefined;
  for (const sentence of sentences) {
    const support = Math.min(sentence.supports(words), supports(sentence.read));
    if (support < best) continue;
    best = support;
    nearest = sentence.said;
  }
  return nearest;
}
