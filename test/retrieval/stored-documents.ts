import { expect } from "vitest";
import type { CallContext } from "../../src/fallbacks/core/context.ts";
import type { Json, ListRequest, StoredRecord } from "../../src/fallbacks/store/port.ts";
import { nameFromStored } from "../../src/retrieval/document-names.ts";

interface Listing {
  list(request: ListRequest, context: CallContext): Promise<readonly StoredRecord[]>;
}

const nameIn = (value: Json) => (value as { readonly name: string }).name;

/** Checks that what is stored of documents agrees, and returns the live ones: name -> document id. */
export async function storedDocuments(store: Listing, context: CallContext): Promise<ReadonlyMap<string, string>> {
  const all = async (collection: ListRequest["collection"]) => store.list({ collection, limit: 1_000 }, context);
  const live = new Map<string, string>();
  const kept: string[] = [];
  for (const { value } of await all("document_names")) {
    const record = nameFromStored(value);
    if (record.live !== null) live.set(record.name, record.live);
    expect(record.kept).not.toContain(record.live);
    expect(new Set(record.kept).size).toBe(record.kept.length);
    kept.push(...record.kept);
  }
  const documents = await all("documents");
  expect(new Map(documents.map(({ key, value }) => [nameIn(value), key]))).toEqual(live);
  expect(documents).toHaveLength(live.size);
  expect((await all("document_versions")).map(({ key }) => key).sort()).toEqual(kept.sort());
  return live;
}
