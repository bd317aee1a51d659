import { sentenceSpans, type TextSpan } from "../text/sentences.ts";
import { tokenise } from "../text/tokenise.ts";
import { diffOfItems } from "./diff-lines.ts";
import { type Figure, figuresBorneOutBy, hasUnreadFigure, isAmong, withoutFigures } from "./figures/figures.ts";

/** In what two sentences differ that say the same otherwise. */
export type DifferenceKind = "figure" | "address" | "negation";

/** A passage as it is compared. */
export interface Statement {
  /** The titles and headings above it. */
  readonly place: string;
  readonly text: string;
}

/** A sentence of a passage; spans count in the passage. */
export interface SaidSentence extends TextSpan {
  /** The words that the other sentence does not have. */
  readonly words: readonly TextSpan[];
}

export interface Difference {
  readonly kind: DifferenceKind;
  readonly one: SaidSentence;
  readonly other: SaidSentence;
}

/** Fewer words besides its figures do not tell what a sentence is about. */
const LEAST_WORDS = 3;
/** Titles that name a kind of page and no subject. */
const KINDS_OF_PAGE = new Set(
  "faq faqs guide handbook manual help policy page question answer info information overview 常见 问题 指南 手册 帮助 政策 说明 须知 页面".split(
    " ",
  ),
);
/**
 * A verb that is denied. Not where something is described by what it is not ("goods that are not damaged", "未拆封"): who does not fall under
 * one sentence falls under the other, and both are true.
 */
const DENIED_EN =
  /\b(?:can|could|do|does|did|is|are|was|were|will|would|shall|should|may|must)(?:\s+not\b|n[’']t\b)|\bcannot\b|\bnever\b/giu;
const DESCRIBED_EN = /\b(?:that|which|who|whose|if|when|unless|where|while|although|but|only)\b/iu;
const DENIED_ZH = /不(?=可以|能|会|支持|接受|提供|收取|需要|需|必|得|予|可|享受)|无法|禁止/gu;
const DESCRIBED_ZH = /(?:不|无法|禁止)[^，。；！？]*的|如果|若|除非|只有|仅|但/u;
/** What a number names: "Room 12", "iOS 17", "step 2". */
const NAMED_EN = /(?<=[^\s.!?][^\S\n]+["'“(]?)(?=\p{L}*\p{Lu})\p{L}+\s\d+(?:\.\d+)*/gu;
const NUMBERED =
  /\b(?:step|room|version|page|section|part|no|number|level|model|class|zone)\.?\s\d+|第\s?[\d一二三四五六七八九十]+[章节步条款页号楼层]/giu;
const NO_NAME =
  /^(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun|cny|rmb|usd|eur|gbp|hkd)/iu;
const WORD =
  /\p{Script=Han}|(?:(?!\p{Script=Han})[\p{L}\p{N}\p{M}])+(?:[.,:'’@/-](?:(?!\p{Script=Han})[\p{L}\p{N}\p{M}])+)*|[^\s\p{L}\p{N}]/gu;
/** Amounts are compared as figures, however their currency is written. */
const CURRENCIES = new Set(
  "yuan rmb cny usd dollar buck euro eur pound gbp 元 块 块钱 人民币 美元 欧元 英镑".split(" "),
);

interface Read extends TextSpan {
  readonly text: string;
  /** What it says besides figures and denials, in one text. */
  readonly said: string;
  readonly denied: boolean;
  /** Codes and numbered things: other ones are another subject. */
  readonly names: string;
  readonly figures: readonly Figure[];
}

/**
 * Sentences of two passages that use the same words of the same subject and differ in a figure, in an address (telephone, e-mail, page) or in
 * whether a verb is denied. Says nothing where the places or the sentences may be about different things.
 */
export function differencesOf(one: Statement, other: Statement): readonly Difference[] {
  if (one.text === other.text || !isSamePlace(one, other)) return [];
  const [own, theirs] = [readAll(one.text, other.text), readAll(other.text, one.text)];
  const [borneOut, borneOutThere] = [figuresBorneOutBy(one.text), figuresBorneOutBy(other.text)];
  return own.flatMap((sentence) => {
    const alike = theirs.filter(({ said, names }) => said === sentence.said && names === sentence.names);
    const [like, ...more] = alike;
    // Of several nobody knows which one it contradicts.
    if (!like || more.length > 0) return [];
    const kind = kindOf(sentence, like, borneOut, borneOutThere);
    return kind === undefined ? [] : [{ kind, ...differing(sentence, like) }];
  });
}

function kindOf(
  one: Read,
  other: Read,
  borneOut: readonly Figure[],
  borneOutThere: readonly Figure[],
): DifferenceKind | undefined {
  const own = one.figures.filter((figure) => !isAmong(figure, borneOutThere));
  const theirs = other.figures.filter((figure) => !isAmong(figure, borneOut));
  if (one.denied !== other.denied) return own.length + theirs.length === 0 ? "negation" : undefined;
  const differs = own.flatMap((figure) => theirs.filter((each) => isComparable(figure, each)));
  if (differs.length === 0) return undefined;
  return differs.some(({ kind }) => kind === "name") ? "address" : "figure";
}

/** Whether both say how much, when, or where of the same kind. */
function isComparable(one: Figure, other: Figure): boolean {
  if (one.kind === "quantity" && other.kind === "quantity") return one.unit?.kind === other.unit?.kind;
  if (one.kind === "name" && other.kind === "name") return one.address && other.address;
  return one.kind === other.kind;
}

/** The sentences that the other passage does not have as they are, and that can be read for sure. */
function readAll(text: string, other: string): readonly Read[] {
  const spans = sentenceSpans(text).map((span) => ({ ...span, text: text.slice(span.start, span.end) }));
  return spans
    .filter((span) => !other.includes(span.text) && !hasUnreadFigure(span.text))
    .flatMap((span): readonly Read[] => {
      const described = DESCRIBED_EN.test(span.text) || DESCRIBED_ZH.test(span.text);
      const denials = described ? [] : [...span.text.matchAll(DENIED_EN), ...span.text.matchAll(DENIED_ZH)];
      const plain = described ? span.text : span.text.replaceAll(DENIED_EN, " ").replaceAll(DENIED_ZH, "");
      const words = termsOf(withoutFigures(plain)).filter((term) => !CURRENCIES.has(term));
      if (words.length < LEAST_WORDS) return [];
      const figures = figuresBorneOutBy(span.text);
      const names = [
        ...figures.flatMap((figure) => (figure.kind === "name" && !figure.address ? figure.text : [])),
        ...[...(span.text.match(NAMED_EN) ?? []), ...(span.text.match(NUMBERED) ?? [])].filter(
          (name) => !NO_NAME.test(name),
        ),
      ];
      const said = words.join(" ");
      return [{ ...span, said, denied: denials.length % 2 === 1, names: names.sort().join(" "), figures }];
    });
}

/** Each of two places that names something which the other passage does not may be about something else. */
function isSamePlace(one: Statement, other: Statement): boolean {
  return !(namesOther(one, other) && namesOther(other, one));
}

function namesOther(one: Statement, other: Statement): boolean {
  const known = new Set([...termsOf(other.place), ...termsOf(other.text), ...KINDS_OF_PAGE]);
  return termsOf(one.place).some((term) => !known.has(term));
}

/** In order, so that "A before B" is not "B before A". */
function termsOf(text: string): readonly string[] {
  return tokenise(text).flatMap(({ term, kind, stop }) => (kind === "word" && !stop ? term : []));
}

function differing(one: Read, other: Read): { readonly one: SaidSentence; readonly other: SaidSentence } {
  const [own, theirs] = [wordsIn(one), wordsIn(other)];
  const removed: TextSpan[] = [];
  const added: TextSpan[] = [];
  let [at, there] = [0, 0];
  for (const part of diffOfItems(
    own.map(({ word }) => word),
    theirs.map(({ word }) => word),
  )) {
    if (part.removed) join(removed, own.slice(at, at + part.count));
    if (part.added) join(added, theirs.slice(there, there + part.count));
    if (!part.added) at += part.count;
    if (!part.removed) there += part.count;
  }
  return {
    one: { start: one.start, end: one.end, words: removed },
    other: { start: other.start, end: other.end, words: added },
  };
}

function join(spans: TextSpan[], words: readonly TextSpan[]): void {
  const [first, last] = [words[0], words.at(-1)];
  if (first && last) spans.push({ start: first.start, end: last.end });
}

function wordsIn({ text, start }: Read) {
  return [...text.matchAll(WORD)].map(({ 0: word, index }) => ({
    word,
    start: start + index,
    end: start + index + word.length,
  }));
}
