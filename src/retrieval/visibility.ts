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

/** Says which passages a search may find; undefined: all that are live. Each document is looked at once. */
export function visibleIn(
  records: ReadonlyMap<string, DocumentRecord>,
  { roles, where = {} }: Restriction,
): ((chunkId: string) => boolean) | undefined {
  const wanted = Object.entries(where);
  const isVisible = (record: DocumentRecord) =>
    mayRead(record, roles) &&
    wanted.every(([key, value]) => Object.hasOwn(record.metadata, key) && record.metadata[key] === value);
  const visible = new Set<string>();
  for (const [documentId, record] of records) if (isVisible(record)) visible.add(documentId);
  if (visible.size === records.size) return undefined;
  return (chunkId) => visible.has(documentIdOfChunk(chunkId));
}
