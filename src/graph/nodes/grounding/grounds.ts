import {
  type Figure,
  figuresBorneOutBy,
  figuresIn,
  hasUnreadFigure,
  isAmong,
  withoutFigures,
} from "../../../retrieval/figures/figures.ts";
import type { SearchResult } from "../../../retrieval/knowledge.ts";
import { readText, type Supporter, supporter } from "../../../retrieval/support.ts";
import { detectLanguage, type Language } from "../../../text/language.ts";
import { sentenceSpans } from "../../../text/sentences.ts";
import type { LanguagePack, LanguagePacks } from "../../rules/language-pack.ts";
import type { PastTurn } from "../../state.ts";
import type { KnowledgeData } from "../../tools/search-knowledge.ts";
import type { ToolResult } from "../../tools/tool-call.ts";
import type { ComposeInput } from "../compose-by-rule.ts";
import type { GroundSentence } from "./contradiction.ts";
import { derivedFrom, toldFrom } from "./derived.ts";
import { type RecordState, recordStatesOf } from "./record-states.ts";
import { recordTextsOf } from "./records.ts";
import { daysFigure } from "./spans.ts";
import { subjectOf } from "./subjects.ts";

/** A text that a sentence of a reply is held against. */
export interface Ground {
  /** How surely all of it bears out what is said, figures aside. */
  readonly supports: Supporter;
  readonly sentences: readonly GroundSentence[];
}

/** All that a reply may be based on. */
export interface Grounds {
  /** Help pages were searched, whatever was found. Otherwise there are records alone. */
  readonly searched: boolean;
  /** Of everything that came back. */
  readonly figures: readonly Figure[];
  /** What follows from them by arithmetic, see `derivedFrom`. */
  readonly derived: readonly Figure[];
  /** What follows from what the user has named. */
  readonly told: ReturnType<typeof toldFrom>;
  /** Something on a page is a figure in a form that is not read for sure: others that nothing has may be meant by it. */
  readonly unread: boolean;
  /** Of the records of other tools than the search. */
  readonly recorded: readonly Figure[];
  /** The records that are in a state. */
  readonly states: readonly RecordState[];
  /** Of what users wrote into records, and how they can be reached. */
  readonly written: readonly Figure[];
  readonly contacts: readonly Figure[];
  /** Of what was said in the conversation, by whomever, and of what the user wrote into records: no help page has to have them. */
  readonly said: readonly Figure[];
  /** Of our earlier replies, as far as the user had not said them before. */
  readonly repeated: readonly Figure[];
  /** For each language; absent where help pages were found and none in it: a sentence in it cannot be judged by its words. */
  readonly texts: Readonly<Partial<Record<Language, Ground>>>;
  /** What this product says of itself: offers, regrets, questions. */
  readonly own: Readonly<Record<Language, OwnWords>>;
}

/** A text and the headings that it stands under. */
interface Placed {
  readonly text: string;
  readonly under: string;
}

/**
 * The passages that were read and the cited sentences with their titles, and the records of other tools as data and as they are told.
 *
 * @param today undefined: nothing is reckoned from it
 */
export function groundsOf(
  { message, history, results, recognition }: ComposeInput,
  packs: LanguagePacks,
  today?: Date,
): Grounds {
  const pack = packs[recognition.language];
  const read = [...results.flatMap(citedBy), ...results.flatMap(readBy)];
  const titles = [...new Set(read.map(({ title, heading }) => `${title} ${heading}`))];
  const records = results.map((result) => recordTextsOf(result, pack));
  const ours = records.flatMap((record) => record.ours);
  const users = records.flatMap((record) => record.users);
  const pages = read.map(({ quote, title, heading }): Placed => ({ text: quote, under: `${title} ${heading}` }));
  const groundIn = (language: Language) => {
    const own = pages.filter(({ text }) => detectLanguage(text) === language);
    if (own.length === 0 && pages.length > 0) return undefined;
    return groundOf([...own, ...[...titles, ...ours].map((text) => ({ text, under: "" }))], packs);
  };
  const [en, zh] = [groundIn("en"), groundIn("zh")];
  const recorded = ours.flatMap(figuresBorneOutBy);
  const paged = [...pages.map(({ text }) => text), ...titles].flatMap((text) => figuresOfPage(text, packs));
  const known = {
    amounts: records.flatMap((record) => record.amounts),
    counts: records.flatMap((record) => record.counts),
    recorded,
    pages: paged,
    told: [message, ...history.map(({ user }) => user)].flatMap(figuresIn),
    today,
  };
  return {
    searched: results.some(({ name }) => name === "search_knowledge"),
    figures: [...paged, ...recorded],
    derived: derivedFrom(known),
    told: toldFrom(known),
    unread: [...pages.map(({ text }) => text), ...titles].some(hasUnreadFigure),
    recorded,
    states: results.flatMap(recordStatesOf),
    written: users.flatMap(figuresIn),
    contacts: records.flatMap((record) => record.contacts).flatMap(figuresIn),
    said: [message, ...history.flatMap(({ user, bot }) => [user, bot]), ...users].flatMap(figuresIn),
    repeated: repeatedIn(history),
    texts: { ...(en && { en }), ...(zh && { zh }) },
    own: { en: ownWords(packs.en), zh: ownWords(packs.zh) },
  };
}

/** What takes no more than the day takes none, or one. */
function figuresOfPage(text: string, packs: LanguagePacks): readonly Figure[] {
  const sameDay = packs[detectLanguage(text)].grounding.sameDay.test(text);
  return [...figuresBorneOutBy(text), ...(sameDay ? [daysFigure(0), daysFigure(1)] : [])];
}

/** What the user has said first is not ours by our saying it, too: we may have denied it. */
function repeatedIn(history: readonly PastTurn[]): readonly Figure[] {
  const users: Figure[] = [];
  const repeated: Figure[] = [];
  for (const { user, bot } of history) {
    users.push(...figuresIn(user));
    repeated.push(...figuresIn(bot).filter((figure) => !isAmong(figure, users)));
  }
  return repeated;
}

function groundOf(placed: readonly Placed[], packs: LanguagePacks): Ground {
  const text = placed.map((one) => withoutFigures(one.text)).join("\n\n");
  const sentences = placed.flatMap(({ text: whole, under }) => {
    const headings = subjectOf(withoutFigures(under), packs);
    return sentencesOf(whole).map((sentence) => {
      const said = withoutFigures(sentence);
      const read = readText(said);
      const subject = subjectOf(said, packs);
      const scope = new Set([...subject, ...headings]);
      return { said, read, supports: supporter([read]), figures: figuresOfPage(sentence, packs), subject, scope };
    });
  });
  return { supports: supporter([readText(text)]), sentences };
}

export function sentencesOf(text: string): readonly string[] {
  return sentenceSpans(text).map(({ start, end }) => text.slice(start, end));
}

/** The passages that a model is given for its reply; of what answers at least those with the cited sentences. */
export function readBy(result: ToolResult): SearchResult["reading"] {
  const isSearch = result.name === "search_knowledge" && (result.status === "found" || result.status === "not_found");
  return isSearch ? (result.data as KnowledgeData).search.reading : [];
}

export function citedBy(result: ToolResult): SearchResult["sentences"] {
  const isFound = result.name === "search_knowledge" && result.status === "found";
  return isFound ? (result.data as KnowledgeData).search.sentences : [];
}

interface OwnWords {
  readonly supports: Supporter;
  readonly sentences: readonly Supporter[];
  readonly figures: readonly Figure[];
}

const ownTexts = new WeakMap<LanguagePack, OwnWords>();

function ownWords(pack: LanguagePack): OwnWords {
  const known = ownTexts.get(pack);
  if (known) return known;
  const texts = [...textsIn(pack.replies), ...pack.smallTalk.map(({ reply }) => reply)];
  const words = {
    supports: supporter([readText(texts.join("\n\n"))]),
    sentences: texts.flatMap(sentencesOf).map((sentence) => supporter([readText(sentence)])),
    figures: texts.flatMap(figuresIn),
  };
  ownTexts.set(pack, words);
  return words;
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
