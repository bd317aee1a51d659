import { RELATED_MEANING } from "../../../retrieval/answerability.ts";
import { type Figure, figuresBorneOutBy, isAmong, withoutFigures } from "../../../retrieval/figures/figures.ts";
import type { Source } from "../../../retrieval/knowledge.ts";
import { type ReadText, readText, supporter } from "../../../retrieval/support.ts";
import { detectLanguage, type Language } from "../../../text/language.ts";
import { sentenceSpans } from "../../../text/sentences.ts";
import { tokenise } from "../../../text/tokenise.ts";
import { cosineOf, type Meaning, meaningOf } from "../../../text/word-vectors.ts";
import { DOUBT } from "./judge.ts";

/** Finds what a sentence of a reply was written from; several sentences of a passage where it sums them up, none where no page says it. */
export type Attribution = (sentence: string) => readonly Source[];

/** A text with what it is compared by; meaning and figures are read when they are asked for. */
interface Told {
  readonly read: ReadText;
  readonly meaning: () => Meaning | undefined;
  readonly figures: () => readonly Figure[];
}

interface PageSentence extends Told {
  readonly source: Source;
}

interface Page extends Told {
  readonly language: Language;
  readonly sentences: readonly PageSentence[];
}

/** A page sentence of which a reply has this much is told by it, if it says something: a word of a list is no statement. */
const TOLD = 0.5;
const LEAST_WORDS = 4;
/** What a figure in common adds to how near two texts are, in words or in meaning. */
const FIGURE_BONUS = 0.5;

/**
 * Figures are compared as such, in whatever form ("9 am", "9:00"), and words without them.
 * @param reading the passages that the writer was given
 * @param records texts of what else came back: what they say better than any passage is not from a page
 */
export function createAttribution(reading: readonly Source[], records: readonly string[]): Attribution {
  const pages = reading.map(pageOf);
  const others = records.map((text) => toldBy(text));
  return (sentence) => {
    const said = toldBy(sentence);
    const language = detectLanguage(sentence);
    const byRecords = Math.max(0, ...others.map((record) => support(record, said)));
    const byWords = best(
      pages.filter((page) => page.language === language),
      (page) => support(page, said),
    );
    if (byWords && byWords.rate >= DOUBT && byWords.rate > byRecords) return toldIn(byWords.of, said);
    if (byRecords >= DOUBT) return [];
    const foreign = pages.filter((page) => page.language !== language);
    return nearestIn(foreign, said);
  };
}

function toldBy(text: string, under = ""): Told {
  return {
    read: readText(withoutFigures(text)),
    meaning: once(() => meaningOf(tokenise(`${under}\n${text}`))),
    figures: once(() => figuresBorneOutBy(text)),
  };
}

function pageOf(passage: Source): Page {
  const sentences = sentenceSpans(passage.quote).map(({ start, end }): PageSentence => {
    const text = passage.quote.slice(start, end);
    const source = { ...passage, start: passage.start + start, end: passage.start + end, quote: text };
    return { source, ...toldBy(text) };
  });
  return { ...toldBy(passage.quote, passage.heading), language: detectLanguage(passage.quote), sentences };
}

/** How surely a text is what was said, by words and figures. */
function support(text: Told, said: Told): number {
  return supporter([text.read])(said.read) + bonus(text, said);
}

function bonus(text: Told, said: Told): number {
  return said.figures().some((figure) => isAmong(figure, text.figures())) ? FIGURE_BONUS : 0;
}

/** The sentence that says most of it, and those that are told whole. */
function toldIn({ sentences }: Page, said: Told): readonly Source[] {
  const tells = supporter([said.read]);
  const first = best(sentences, (one) => support(one, said) + tells(one.read));
  const isTold = ({ read, figures }: PageSentence) =>
    tells(read) >= TOLD && (read.words.filter(({ content }) => content).length >= LEAST_WORDS || figures().length > 0);
  return sentences.filter((one) => one === first?.of || isTold(one)).map(({ source }) => source);
}

/** Of pages in another language, which share no words with it: by meaning and figures. */
function nearestIn(pages: readonly Page[], said: Told): readonly Source[] {
  const meaning = said.meaning();
  const near = (text: Told) => {
    const other = text.meaning();
    return (meaning && other ? cosineOf(meaning, other) : 0) + bonus(text, said);
  };
  const page = best(pages, near);
  if (!page || page.rate < RELATED_MEANING) return [];
  const found = best(page.of.sentences, near);
  return found ? [found.of.source] : [];
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
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
