import { type Figure, figuresBorneOutBy, figuresIn, withoutFigures } from "../../../retrieval/figures/figures.ts";
import type { SearchResult } from "../../../retrieval/knowledge.ts";
import { detectLanguage, type Language } from "../../../text/language.ts";
import { sentenceSpans } from "../../../text/sentences.ts";
import type { LanguagePack, LanguagePacks } from "../../rules/language-pack.ts";
import type { KnowledgeData } from "../../tools/search-knowledge.ts";
import type { ToolResult } from "../../tools/tool-call.ts";
import type { ComposeInput } from "../compose-by-rule.ts";
import { resultText } from "../result-text.ts";

/** A text that a sentence of a reply is held against. */
export interface Ground {
  /** Without its figures. */
  readonly text: string;
  readonly sentences: readonly GroundSentence[];
}

interface GroundSentence {
  /** Without its figures. */
  readonly said: string;
  readonly figures: readonly Figure[];
}

/** All that a reply may be based on. */
export interface Grounds {
  /** Of everything that came back. */
  readonly figures: readonly Figure[];
  /** Of the records of other tools than the search. */
  readonly recorded: readonly Figure[];
  /** Of what was said in the conversation, by whomever: no help page has to have them. */
  readonly said: readonly Figure[];
  /** For each language; absent where help pages were found and none in it: a sentence in it cannot be judged by its words. */
  readonly texts: Readonly<Partial<Record<Language, Ground>>>;
  /** What this product says of itself: offers, regrets, questions. */
  readonly own: Readonly<Record<Language, OwnWords>>;
}

/** The cited sentences with their titles and the passages around them, and the records of other tools as data and as they are told. */
export function groundsOf({ message, history, results, recognition }: ComposeInput, packs: LanguagePacks): Grounds {
  const pack = packs[recognition.language];
  const cited = results.flatMap(citedBy);
  const titles = cited.map(({ title, heading }) => `${title} ${heading}`);
  const records = results.flatMap((result) => recordTexts(result, pack));
  const quotes = cited.map(({ quote }) => quote);
  const pages = [...quotes, ...results.flatMap(passagesOf)];
  const groundIn = (language: Language) => {
    const own = pages.filter((text) => detectLanguage(text) === language);
    return own.length === 0 && pages.length > 0 ? undefined : groundOf([...own, ...titles, ...records]);
  };
  const [en, zh] = [groundIn("en"), groundIn("zh")];
  const recorded = records.flatMap(figuresBorneOutBy);
  return {
    figures: [...[...pages, ...titles].flatMap(figuresBorneOutBy), ...recorded],
    recorded,
    said: [message, ...history.flatMap(({ user, bot }) => [user, bot])].flatMap(figuresIn),
    texts: { ...(en && { en }), ...(zh && { zh }) },
    own: { en: ownWords(packs.en), zh: ownWords(packs.zh) },
  };
}

function groundOf(texts: readonly string[]): Ground {
  const text = texts.map(withoutFigures).join("\n\n");
  const sentences = texts
    .flatMap(sentencesOf)
    .map((sentence) => ({ said: withoutFigures(sentence), figures: figuresBorneOutBy(sentence) }));
  return { text, sentences };
}

export function sentencesOf(text: string): readonly string[] {
  return sentenceSpans(text).map(({ start, end }) => text.slice(start, end));
}

/** As data and as they are told. */
function recordTexts(result: ToolResult, pack: LanguagePack): readonly string[] {
  if (result.name === "search_knowledge" || result.data === null) return [];
  return [JSON.stringify(result.data), resultText(result, pack)];
}

/** Only those that a cited sentence stands in. */
function passagesOf(result: ToolResult): readonly string[] {
  const cited = new Set(citedBy(result).map(({ chunkId }) => chunkId));
  if (cited.size === 0) return [];
  return (result.data as KnowledgeData).search.passages
    .filter(({ chunkId }) => cited.has(chunkId))
    .map(({ quote }) => quote);
}

export function citedBy(result: ToolResult): SearchResult["sentences"] {
  const isFound = result.name === "search_knowledge" && result.status === "found";
  return isFound ? (result.data as KnowledgeData).search.sentences : [];
}

interface OwnWords {
  readonly text: string;
  readonly sentences: readonly string[];
}

const ownTexts = new WeakMap<LanguagePack, OwnWords>();

function ownWords(pack: LanguagePack): OwnWords {
  const known = ownTexts.get(pack);
  if (known) return known;
  const texts = [...textsIn(pack.replies), ...pack.smallTalk.map(({ reply }) => reply)];
  const words = { text: texts.join("\n\n"), sentences: texts.flatMap(sentencesOf) };
  ownTexts.set(pack, words);
  return words;
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
