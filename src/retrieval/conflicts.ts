import type { Page } from "../fallbacks/core/page.ts";
import { type Difference, differencesOf, type SaidSentence } from "./contradicting.ts";
import type { DocumentRecord } from "./document-records.ts";
import type { Conflict, ConflictingSentence, SimilarPassage } from "./knowledge.ts";
import type { Library, LibraryChunk } from "./library.ts";
import { HEADING_SEPARATOR } from "./parse.ts";
import { spanOf } from "./retrieve.ts";
import { createPacing } from "./slices.ts";

export interface Base {
  /** What is live, by document id. */
  readonly records: ReadonlyMap<string, DocumentRecord>;
  readonly library: Pick<Library, "chunks">;
}

/** Pairs of passages that are compared for one page: some tenths of a second. */
const MOST_COMPARED = 500;

interface Pair {
  readonly key: string;
  readonly similar: SimilarPassage;
}

/**
 * Compares the pairs that were found to say nearly the same when the later of two documents came, in the order of their ids, so that nothing
 * is searched for. @throws {LayerError} `aborted`.
 */
export async function findConflicts(
  { after, limit }: { readonly after?: string; readonly limit: number },
  base: Base,
  signal: AbortSignal,
): Promise<Page<Conflict>> {
  const paced = createPacing(signal);
  const items: Conflict[] = [];
  let compared = 0;
  let last: string | undefined;
  for (const { key, similar } of pairsIn(base)) {
    if (after !== undefined && key <= after) continue;
    if (items.length === limit || compared === MOST_COMPARED) return { items, next: last ?? null };
    const [one, other] = [base.library.chunks.get(similar.chunkId), base.library.chunks.get(similar.other.chunkId)];
    if (one && other) {
      const conflict = conflictOf(one, other, similar.similarity);
      if (conflict) items.push(conflict);
      compared += 1;
      await paced(one.text.length + other.text.length);
    }
    last = key;
  }
  return { items, next: null };
}

/** Rising in their keys. */
function* pairsIn({ records }: Base): Generator<Pair> {
  for (const documentId of [...records.keys()].sort()) {
    const record = records.get(documentId);
    const pairs = (record?.similar ?? [])
      .filter((similar) => !isTold(similar, records))
      .map((similar) => ({ key: `${similar.chunkId}:${similar.other.chunkId}`, similar }));
    yield* pairs.sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}

/** Whether the other document names the pair too, and tells it. */
function isTold({ chunkId, other }: SimilarPassage, records: Base["records"]): boolean {
  if (chunkId < other.chunkId) return false;
  const back = records.get(other.documentId)?.similar ?? [];
  return back.some((similar) => similar.chunkId === other.chunkId && similar.other.chunkId === chunkId);
}

function conflictOf(one: LibraryChunk, other: LibraryChunk, similarity: number): Conflict | undefined {
  const differences = differencesOf(statementOf(one), statementOf(other));
  if (differences.length === 0) return undefined;
  return {
    similarity,
    one: { ...spanOf(one), name: one.document.name },
    other: { ...spanOf(other), name: other.document.name },
    differences: differences.map(({ kind, ...said }: Difference) => ({
      kind,
      one: quotedIn(one, said.one),
      other: quotedIn(other, said.other),
    })),
  };
}

function statementOf({ path, topic, text }: LibraryChunk) {
  return { place: `${path}${HEADING_SEPARATOR}${topic}`, text };
}

function quotedIn({ start: from, text }: LibraryChunk, sentence: SaidSentence): ConflictingSentence {
  const quote = ({ start, end }: Pick<SaidSentence, "start" | "end">) => ({
    start: from + start,
    end: from + end,
    quote: text.slice(start, end),
  });
  return { ...quote(sentence), words: sentence.words.map(quote) };
}
