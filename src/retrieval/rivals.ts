import type { Language } from "../text/language.ts";
import { isRival, type Rivals } from "./answer-features.ts";
import type { Evidence } from "./evidence.ts";
import type { LibraryChunk } from "./library.ts";

/** Proposed passages of one section up to which they are about one matter; a longer one may be a whole book. */
const SHORT_SECTION = 6;
/** UTF-16 units between two passages of one section at most: a line break or two. */
const MOST_GAP = 4;

export interface RivalOptions {
  /** What the words propose, which is the same with every vector index. */
  readonly proposed: readonly LibraryChunk[];
  /** Of the question. */
  readonly language: Language;
  readonly weigh: (chunk: LibraryChunk) => Evidence;
  /** In the whole base. */
  readonly passages: number;
}

/**
 * What a passage has to be ahead of: the other ones that are proposed. What is in the question's language has no rival in another one: its
 * translation says the same, and takes nothing from it. Nor is one what is about the same matter: of a short section, or the passage
 * that goes on where it ends.
 */
export function createRivals({ proposed, language, weigh, passages }: RivalOptions): (chunk: LibraryChunk) => Rivals {
  const all = proposed.map((chunk) => ({ chunk, section: sectionOf(chunk), evidence: weigh(chunk) }));
  const lengths = new Map<string, number>();
  for (const { section } of all) lengths.set(section, (lengths.get(section) ?? 0) + 1);
  return (chunk) => {
    const own = weigh(chunk);
    const section = sectionOf(chunk);
    const isShort = (lengths.get(section) ?? 0) <= SHORT_SECTION;
    const rivals = all.filter((other) => {
      if (other.section === section && (isShort || touches(chunk, other.chunk))) return false;
      const isComparable = chunk.language !== language || other.chunk.language === language;
      return isComparable && isRival(own, other.evidence);
    });
    return {
      sentence: Math.max(0, ...rivals.map(({ evidence }) => evidence.sentence)),
      whole: Math.max(0, ...rivals.map(({ evidence }) => evidence.whole)),
      meaning: Math.max(0, ...rivals.map(({ evidence }) => evidence.meaning)),
      passages,
    };
  };
}

/** The same for all passages of one section of one version of a document. */
export function sectionOf({ document, heading }: LibraryChunk): string {
  return JSON.stringify([document.documentId, heading]);
}

/** Of one section: whether it is the same passage or the one before or behind, which share some text or a gap. */
function touches(one: LibraryChunk, other: LibraryChunk): boolean {
  return one.start <= other.end + MOST_GAP && other.start <= one.end + MOST_GAP;
}
