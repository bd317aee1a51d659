import type { Language } from "../text/language.ts";
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
const WORD_OF = { en: /\p{Script=Latin}{2}/u, zh: /\p{Script=Han}/u } as const;

/**
 * The language of nearly all passages where that is another one than the question's; undefined where there is none, and for
 * a question that has no word of its language, such as a number.
 */
export function otherLanguageOf(question: string, language: Language, counts: LanguageCounts): Language | undefined {
  if (!WORD_OF[language].test(question)) return undefined;
  const entries = Object.entries(counts) as [Language, number][];
  const all = entries.reduce((sum, [, count]) => sum + count, 0);
  const main = entries.find(([, count]) => count > 0 && count >= all * NEARLY_ALL)?.[0];
  return main === language ? undefined : main;
}
