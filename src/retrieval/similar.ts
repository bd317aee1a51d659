import type { CallContext } from "../fallbacks/core/context.ts";
import type { LocalEmbeddings } from "../fallbacks/embeddings/port.ts";
import { dot } from "../text/dot.ts";
import type { WeighedTerm } from "./bm25.ts";
import type { SimilarPassage } from "./knowledge.ts";
import type { Library, LibraryChunk } from "./library.ts";
import type { PackedWords, PreparedDocument } from "./prepared.ts";
import { rarityOf } from "./rarity.ts";
import { createPacing } from "./slices.ts";
import { createWrittenWords } from "./written-words.ts";

const LEAST = 0.9;
/** Shown for texts that differ and have the same vector, such as those with their sentences in another order. */
const MOST = 0.9999;
const MOST_LISTED = 20;
const MOST_SAMPLED = 200;
/** Words of a passage that are looked up, evenly spread. */
const MOST_LOOKED_UP = 16;
/** The rarest of them, by which others are looked for: nearly the same passage has most, some may be what differs. */
const RAREST = 10;
/** Passages, at most, that hold those words: more are too many to look through. */
const MOST_HOLDING = 2_000;
const CANDIDATES = 4;
/** Of the weight of those words, which may be of a heading, what another passage has at least: else no vector is worth making. */
const LEAST_SHARED = 0.25;
/** A text that is so much shorter than another says less. */
const SHORTEST_SHARE = 0.6;
/** Of the different words, as they are written, of the longer of two texts, what both have at least: else no vectors are worth making. */
const LEAST_COMMON = 0.5;
/** To look for what is similar to one passage takes as long as to prepare so many characters, without the vectors. */
const LOOKING = 128;

/** One for all, as nobody waits for anything between the texts that are compared. */
const written = createWrittenWords();

/**
 * Passages of the document whose text is nearly that of a passage of another live document, whatever their headings: from 0.9 by
 * their vectors of words, and not the same. For each passage its nearest one, the nearest first, at most 20. Of a document of more
 * than 200 passages 200 are looked at, evenly spread. Others are found by the rarest words of the passage, so that the work does not
 * grow with the knowledge base. @throws {LayerError} `aborted`.
 */
export async function findSimilar(
  prepared: PreparedDocument,
  { library, local }: { readonly library: Library; readonly local: LocalEmbeddings },
  context: CallContext,
): Promise<readonly SimilarPassage[]> {
  const { document, chunks, words } = prepared;
  if (!words || library.documents.size === 0) return [];
  // The version before is left out. Where there is none, nothing is asked of each passage that has one of the words.
  const isOther = library.byName(document.name)
    ? (id: string) => library.chunks.get(id)?.document.name !== document.name
    : undefined;
  const rarestOf = createRarest(words, library);
  const found: SimilarPassage[] = [];
  const paced = createPacing(context.signal);
  const step = Math.max(1, chunks.length / MOST_SAMPLED);
  for (let sampled = 0; Math.floor(sampled * step) < chunks.length; sampled += 1) {
    await paced(LOOKING);
    const index = Math.floor(sampled * step);
    const chunk = chunks[index];
    const { rare, weight } = rarestOf(index);
    if (!chunk || rare.length === 0) continue;
    const least = weight * LEAST_SHARED;
    const ranked = library.words.sharing(words.terms, rare, { limit: CANDIDATES, least, accept: isOther });
    const alike = alikeOf(
      chunk,
      ranked.flatMap(({ id }) => library.chunks.get(id) ?? []),
    );
    if (alike.length === 0) continue;
    const nearest = await nearestOf(chunk, alike, local, context);
    if (nearest) found.push(nearest);
    await paced((alike.length + 1) * chunk.text.length);
  }
  return found.sort((a, b) => b.similarity - a.similarity || (a.chunkId < b.chunkId ? -1 : 1)).slice(0, MOST_LISTED);
}

/** The rarest words of a passage that others hold, by their indices in the list of its terms, and what a passage has that holds all the rarest words. */
function createRarest(words: PackedWords, { words: base }: Library) {
  /** Neighbouring passages have many words in common. */
  const counted = new Map<number, number>();
  const holding = (entry: number) => {
    const known = counted.get(entry) ?? base.holdingOf(words.terms, entry);
    counted.set(entry, known);
    return known;
  };
  return (passage: number) => {
    const entries = words.entries.subarray(words.starts[passage], words.starts[passage + 1]);
    const looked = Math.min(MOST_LOOKED_UP, entries.length);
    const held: { readonly entry: number; readonly count: number }[] = [];
    for (let at = 0; at < looked; at += 1) {
      const entry = entries[Math.floor((at * entries.length) / looked)] ?? 0;
      held.push({ entry, count: holding(entry) });
    }
    const rare: WeighedTerm[] = [];
    let sum = 0;
    let weight = 0;
    for (const { entry, count } of held.sort((a, b) => a.count - b.count).slice(0, RAREST)) {
      sum += count;
      if (sum > MOST_HOLDING) break;
      const rarity = rarityOf(count, base.documents);
      if (count > 0) rare.push({ index: entry, weight: rarity });
      weight += rarity;
    }
    return { rare, weight };
  };
}

/** Those whose vectors are worth making. */
function alikeOf(chunk: LibraryChunk, others: readonly LibraryChunk[]): readonly LibraryChunk[] {
  const longEnough = others.filter((other) => other.text !== chunk.text && isOfLength(chunk.text, other.text));
  if (longEnough.length === 0) return [];
  written.begin(chunk.text);
  return longEnough.filter(({ text }) => hasMuchInCommon(text));
}

async function nearestOf(
  chunk: LibraryChunk,
  alike: readonly LibraryChunk[],
  local: LocalEmbeddings,
  context: CallContext,
): Promise<SimilarPassage | undefined> {
  const { vectors } = await local.embed(
    [chunk, ...alike].map(({ text }) => text),
    "document",
    context,
  );
  const [own, ...theirs] = vectors;
  let best: SimilarPassage | undefined;
  for (const [index, { id, document }] of alike.entries()) {
    const similarity = Math.min(MOST, rounded(dot(own, theirs[index])));
    if (similarity < (best?.similarity ?? LEAST)) continue;
    const other = { documentId: document.documentId, title: document.title, chunkId: id };
    if (!best || similarity > best.similarity) best = { chunkId: chunk.id, other, similarity };
  }
  return best;
}

/** With the text that `written` has begun with. */
function hasMuchInCommon(text: string): boolean {
  const { words, common } = written.compare(text);
  return common >= LEAST_COMMON * Math.max(words, written.words);
}

function isOfLength(one: string, other: string): boolean {
  return Math.min(one.length, other.length) >= SHORTEST_SHARE * Math.max(one.length, other.length);
}

/** Never up to 1, and never up to what counts as near. */
function rounded(similarity: number): number {
  return Math.floor(similarity * 10_000) / 10_000;
}
