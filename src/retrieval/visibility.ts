import type { DocumentRecord } from "./document-records.ts";
import { documentIdOfChunk } from "./ingest.ts";
import type { DocumentFacts } from "./knowledge.ts";

/** What a search is restricted to. */
export interface Restriction {
  readonly roles: ReadonlySet<string> | "all";
  readonly where?: Readonly<Record<string, string>> | undefined;
}

/** Whether somebody with these roles may read it. */
export function mayRead({ audience }: Pick<DocumentFacts, "audience">, roles: ReadonlySet<string> | "all"): boolean {
  return roles === "all" || audience.length === 0 || audience.some((role) => roles.has(role));
}

/** Whether everybody who may read the one may read the other. */
export function isAsOpen(other: DocumentFacts, one: DocumentFacts): boolean {
  if (other.audience.length === 0) return true;
  return one.audience.length > 0 && one.audience.every((role) => other.audience.includes(role));
}

/** Of two audiences whoever is in both. Where that is nobody: the first one, as none at all would be everybody. */
export function stricter(one: readonly string[], other: readonly string[]): readonly string[] {
  if (one.length === 0) return other;
  if (other.length === 0) return one;
  const both = one.filter((role) => other.includes(role));
  return both.length > 0 ? both : one;
}

/**
 * Says which passages a search may find; undefined: all that are live. What is said of a document is looked up at each call:
 * documents go live and are restricted while a search waits for a model.
 */
export function visibleIn(
  records: ReadonlyMap<string, DocumentRecord>,
  { roles, where = {} }: Restriction,
): ((chunkId: string) => boolean) | undefined {
  const wanted = Object.entries(where);
  if (roles === "all" && wanted.length === 0) return undefined;
  const isVisible = (record: DocumentRecord) =>
    mayRead(record, roles) &&
    wanted.every(([key, value]) => Object.hasOwn(record.metadata, key) && record.metadata[key] === value);
  return (chunkId) => {
    const record = records.get(documentIdOfChunk(chunkId));
    return record !== undefined && isVisible(record);
  };
}
