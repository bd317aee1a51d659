import type { Language } from "../text/language.ts";
import { isStopWord } from "../text/stop-words.ts";
import { synonymsOf } from "../text/synonyms.ts";
import { tokenise } from "../text/tokenise.ts";
import type { DocumentFacts } from "./knowledge.ts";
import { mayRead } from "./visibility.ts";

/** How many live passages there are in each language. */
export type LanguageCounts = Readonly<Partial<Record<Language, number>>>;

/** The languages of the live passages, counted as documents come and go. */
export interface LiveLanguages {
  /** A document is live, or read by others than before; one that is there already is counted anew. */
  put(
    documentId: string,
    facts: Pick<DocumentFacts, "audience">,
    chunks: readonly { readonly language: Language }[],
  ): void;
  /** Only who reads it has changed. An unknown one is ignored. */
  amend(documentId: string, facts: Pick<DocumentFacts, "audience">): void;
  remove(documentId: string): void;
  /** Of what somebody with these roles may read. Takes a step for each audience there is, not for each document. */
  count(roles: ReadonlySet<string> | "all"): LanguageCounts;
}

interface Audience {
  readonly audience: readonly string[];
  readonly counts: Map<Language, number>;
  documents: number;
}

interface Counted {
  readonly key: string;
  readonly counts: ReadonlyMap<Language, number>;
}

export function createLiveLanguages(): LiveLanguages {
  const documents = new Map<string, Counted>();
  const audiences = new Map<string, Audience>();

  function add(documentId: string, audience: readonly string[], counts: ReadonlyMap<Language, number>): void {
    const key = JSON.stringify([...audience].sort());
    const group = audiences.get(key) ?? { audience, counts: new Map(), documents: 0 };
    for (const [language, count] of counts) group.counts.set(language, (group.counts.get(language) ?? 0) + count);
    group.documents += 1;
    audiences.set(key, group);
    documents.set(documentId, { key, counts });
  }

  function remove(documentId: string): void {
    const known = documents.get(documentId);
    const group = known && audiences.get(known.key);
    if (!known || !group) return;
    documents.delete(documentId);
    for (const [language, count] of known.counts) group.counts.set(language, (group.counts.get(language) ?? 0) - count);
    group.documents -= 1;
    if (group.documents === 0) audiences.delete(known.key);
  }

  return {
    put(documentId, { audience }, chunks) {
      const counts = new Map<Language, number>();
      for (const { language } of chunks) counts.set(language, (counts.get(language) ?? 0) + 1);
      remove(documentId);
      add(documentId, audience, counts);
    },
    amend(documentId, { audience }) {
      const known = documents.get(documentId);
      if (!known) return;
      remove(documentId);
      add(documentId, audience, known.counts);
    },
    remove,
    count(roles) {
      const counts: Partial<Record<Language, number>> = {};
      for (const group of audiences.values()) {
        if (!mayRead(group, roles)) continue;
        for (const [language, count] of group.counts) counts[language] = (counts[language] ?? 0) + count;
      }
      return counts;
    },
  };
}

/** Share of all passages from which on a language is that of nearly all. */
const NEARLY_ALL = 0.9;
/** Words, or characters of a script without spaces, from which on a question is one of its language. */
const LEAST_WORDS = 2;
const KANA = /[\p{Script=Hiragana}\p{Script=Katakana}]/u;
/** Grammar of other languages in Latin letters, without what is an English word, too. */
const FOREIGN = new Set(
  (
    "le la les des du une et est pas pour je vous mon ma mes votre comment combien quel quelle quels quelles où avec dans sur que qui puis " +
    "der das den dem und ist nicht wie lange ich ein eine einen für mit kann mein meine wo wann bei auf von zu zum zur gibt " +
    "el los las como cuanto cuánto por para mi una es con puedo donde dónde il che di per quanto dove posso sono o os uma não meu onde het een van hoe"
  ).split(" "),
);

/**
 * The language of nearly all passages where that is another one than the question's; undefined where there is none, and for
 * a question that has not words enough to be in its language: numbers, codes and names alone, or a third language.
 */
export function otherLanguageOf(question: string, language: Language, counts: LanguageCounts): Language | undefined {
  if (language === "zh" ? !isChinese(question) : !isEnglish(question)) return undefined;
  const entries = Object.entries(counts) as [Language, number][];
  const all = entries.reduce((sum, [, count]) => sum + count, 0);
  const main = entries.find(([, count]) => count > 0 && count >= all * NEARLY_ALL)?.[0];
  return main === language ? undefined : main;
}

function isChinese(question: string): boolean {
  return !KANA.test(question) && (question.match(/\p{Script=Han}/gu)?.length ?? 0) >= LEAST_WORDS;
}

/** At least two words that are neither codes nor names, and more of them known in English than foreign. */
function isEnglish(question: string): boolean {
  const tokens = question.split(/[^\p{L}\p{N}'’_-]+/u);
  const shouted = question === question.toUpperCase();
  const words = tokens
    .filter((token) => isPlainWord(token, shouted))
    .map((word) => word.toLowerCase().replaceAll("’", "'"));
  const foreign = words.filter((word) => FOREIGN.has(word) || /[^a-z'-]/u.test(word)).length;
  const english = words.filter((word) => !FOREIGN.has(word) && isEnglishWord(word)).length;
  return words.length >= LEAST_WORDS && english > foreign;
}

/** "PX100", "SKU-4711", "VIP", "iPhone" are none. */
function isPlainWord(token: string, shouted: boolean): boolean {
  if (!/^\p{Script=Latin}[\p{Script=Latin}\p{M}'’-]*$/u.test(token)) return false;
  return shouted || !/^.+\p{Lu}/u.test(token);
}

/** Of grammar, or one that has others for the same thing. */
function isEnglishWord(word: string): boolean {
  if (isStopWord(word)) return true;
  return tokenise(word).some(({ term, kind }) => kind === "word" && synonymsOf(term).size > 0);
}
