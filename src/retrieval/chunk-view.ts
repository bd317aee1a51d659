import { chunkIdOf, documentIdOfChunk } from "./ingest.ts";
import type { LibraryChunk } from "./library-chunk.ts";

/** The passages of all documents by their ids, without a table of its own: a document of any size comes and goes in one instant. */
export function createChunkView(
  documents: ReadonlyMap<string, { readonly chunks: readonly LibraryChunk[] }>,
): ReadonlyMap<string, LibraryChunk> {
  function get(id: string): LibraryChunk | undefined {
    const documentId = documentIdOfChunk(id);
    const index = Number(id.slice(documentId.length + 1));
    // Ids have one spelling: "1.0" or " 1" names no passage.
    return id === chunkIdOf(documentId, index) ? documents.get(documentId)?.chunks[index] : undefined;
  }

  function* values(): Generator<LibraryChunk, undefined> {
    for (const { chunks } of documents.values()) yield* chunks;
    return undefined;
  }

  function* keys(): Generator<string, undefined> {
    for (const { id } of values()) yield id;
    return undefined;
  }

  function* entries(): Generator<[string, LibraryChunk], undefined> {
    for (const chunk of values()) yield [chunk.id, chunk];
    return undefined;
  }

  const view: ReadonlyMap<string, LibraryChunk> = {
    get size() {
      let size = 0;
      for (const { chunks } of documents.values()) size += chunks.length;
      return size;
    },
    get,
    has: (id) => get(id) !== undefined,
    forEach(visit) {
      for (const chunk of values()) visit(chunk, chunk.id, view);
    },
    keys,
    values,
    entries,
    [Symbol.iterator]: entries,
  };
  return view;
}
