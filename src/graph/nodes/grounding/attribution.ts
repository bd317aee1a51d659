import { figuresBorneOutBy, figuresIn, isAmong } from "../../../retrieval/figures/figures.ts";
import type { Source } from "../../../retrieval/knowledge.ts";
import { type ReadText, readText, supporter } from "../../../retrieval/support.ts";
import { detectLanguage, type Language } from "../../../text/language.ts";
import { sentenceSpans } from "../../../text/sentences.ts";
import { tokenise } from "../../../text/tokenise.ts";
import { cosineOf, type Meaning, subjectsOf, wordVectors } from "../../../text/word-vectors.ts";
import { DOUBT } from "./judge.ts";

/** Finds what a sentence of a reply was written from; several sentences of a passage where it sums them up, none where no page says it. */
export type Attribution = (sentence: string) => readonly Source[];

interface PageSentence {
  readonly source: Source;
  readonly read: ReadText;
  readonly text: string;
}

interface Page {
  readonly passage: Source;
  readonly language: Language;
  readonly read: ReadText;
  readonly sentences: readonly PageSentence[];
}

/** A page sentence of which a reply has this much is told by it. */
const TOLD = 0.5;
/** From here on a passage in another language says much the same: that of `RELATED_MEANING`, as what was read was found by it. */
const SAME_MEANING = 0.45;
/** What a figure in common adds to how near two sentences are in meaning. */
const FIGURE_BONUS = 0.5;

/**
 * @param reading the passages that the writer was given
 * @param records texts of what else came back: what they say better than any passage is not from a page
 */
export function createAttribution(reading: readonly Source[], records: readonly string[]): Attribution {
  const pages = reading.map(pageOf);
  const byRecords = records.length === 0 ? () => 0 : supporter(records.map(readText));
  return (sentence) => {
    const said = readText(sentence);
    const language = detectLanguage(sentence);
    const byWords = best(pages, (page) => (page.language === language ? supporter([page.read])(said) : 0));
    if (byWords && byWords.rate >= DOUBT && byWords.rate > byRecords(said)) return toldIn(byWords.of, said);
    if (byRecords(said) >= DOUBT) return [];
    const foreign = pages.filter((page) => page.language !== language);
    return foreign.length === 0 ? [] : nearestIn(foreign, sentence);
  };
}

function pageOf(passage: Source): Page {
  const sentences = sentenceSpans(passage.quote).map(({ start, end }): PageSentence => {
    const text = passage.quote.slice(start, end);
    const source = { ...passage, start: passage.start + start, end: passage.start + end, quote: text };
    return { source, read: readText(text), text };
  });
  return { passage, language: detectLanguage(passage.quote), read: readText(passage.quote), sentences };
}

/** The sentence that says most of it, and those that are told whole. */
function toldIn({ sentences }: Page, said: ReadText): readonly Source[] {
  const tells = supporter([said]);
  const first = best(sentences, ({ read }) => supporter([read])(said) + tells(read));
  return sentences.filter((one) => one === first?.of || tells(one.read) >= TOLD).map(({ source }) => source);
}

/** Of pages in another language, which share no words with it: by meaning and figures. */
function nearestIn(pages: readonly Page[], sentence: string): readonly Source[] {
  const meaning = meaningOf(sentence);
  const figures = figuresIn(sentence);
  const near = (text: string) => {
    const other = meaningOf(text);
    const known = figuresBorneOutBy(text);
    const shared = figures.some((figure) => isAmong(figure, known));
    return (meaning && other ? cosineOf(meaning, other) : 0) + (shared ? FIGURE_BONUS : 0);
  };
  const page = best(pages, ({ passage }) => near(`${passage.heading}\n${passage.quote}`));
  if (!page || page.rate < SAME_MEANING) return [];
  const found = best(page.of.sentences, ({ text }) => near(text));
  return found ? [found.of.source] : [];
}

function meaningOf(text: string): Meaning | undefined {
  return wordVectors().meaningOf([{ subjects: subjectsOf(tokenise(text)), weight: 1 }]);
}

/** The first of the highest; undefined when there are none. */
function best<T>(all: readonly T[], rateOf: (one: T) => number): { readonly of: T; readonly rate: number } | undefined {
  let found: { readonly of: T; readonly rate: number } | undefined;
  for (const of of all) {
    const rate = rateOf(of);
    if (!found || rate > found.rate) found = { of, rate };
  }
  return found;
}
