import type { Write } from "../fallbacks/store/port.ts";
import { Problem } from "../problems.ts";
import type { NameRecord } from "./document-names.ts";
import { type DocumentRecord, toStored } from "./document-records.ts";
import type { Reservation } from "./knowledge.ts";

/** What becomes of a name, and what is written together with that. */
export interface Change {
  readonly record: NameRecord;
  readonly writes: readonly Write[];
}

export const MOST_KEPT = 20;

/** The next document that is received under the name. */
export function reserved(now: NameRecord): NameRecord {
  return { ...now, received: now.received + 1 };
}

export function reservationOf({ name, received, deletions }: NameRecord): Reservation {
  return { name, order: received, deletions };
}

/**
 * Whoever comes back with a reservation: a copy of the record that was taken over during an outage may not know of it.
 * @throws {Problem} `document_superseded` when the name was deleted since; or when something else that was received later is live.
 */
export function admitted(now: NameRecord, reservation: Reservation, documentId: string): NameRecord {
  const refuse = (why: string) => {
    throw new Problem("document_superseded", `${JSON.stringify(now.name)} ${why}`, { field: "name" });
  };
  if (now.deletions > reservation.deletions) refuse("was deleted while this was being read");
  if (now.live !== documentId && now.order > reservation.order) {
    refuse("has another version, which came later and is live");
  }
  const { order, deletions } = reservation;
  return { ...now, received: Math.max(now.received, order), deletions: Math.max(now.deletions, deletions) };
}

/** Makes a version live, and the one that was it a kept one: in one commit, so that there are never both or none. */
export function madeLive(
  now: NameRecord,
  next: DocumentRecord,
  { old, order }: { readonly old: DocumentRecord | undefined; readonly order: number },
): Change {
  const { documentId } = next.document;
  const all = [...now.kept.filter((id) => id !== documentId), ...(old ? [old.document.documentId] : [])];
  const forgotten = all.slice(0, Math.max(0, all.length - MOST_KEPT));
  const kept = all.slice(forgotten.length);
  const writes: Write[] = [{ kind: "put", collection: "documents", key: documentId, value: toStored(next) }];
  if (now.live !== null && now.live !== documentId) {
    writes.push({ kind: "delete", collection: "documents", key: now.live });
  }
  if (old) {
    writes.push({ kind: "put", collection: "document_versions", key: old.document.documentId, value: toStored(old) });
  }
  if (now.kept.includes(documentId)) forgotten.push(documentId);
  for (const key of forgotten) writes.push({ kind: "delete", collection: "document_versions", key });
  const record = { ...now, live: documentId, kept, version: Math.max(now.version, next.version), order };
  const before = old ? old.audience : now.audience;
  return { record: changed({ ...record, audience: next.audience, audienceBefore: before }), writes };
}

/** Says something else of the version that is live. */
export function amended(now: NameRecord, next: DocumentRecord): Change {
  const { documentId } = next.document;
  const put: Write = { kind: "put", collection: "documents", key: documentId, value: toStored(next) };
  return { record: changed({ ...now, audience: next.audience, audienceBefore: now.audience }), writes: [put] };
}

/** Deletes all versions; what is being read meanwhile finds that it is too late. */
export function deleted(now: NameRecord, at: string): Change {
  const writes = now.kept.map((key): Write => ({ kind: "delete", collection: "document_versions", key }));
  if (now.live !== null) writes.push({ kind: "delete", collection: "documents", key: now.live });
  const record = { ...now, live: null, kept: [], deletions: now.deletions + 1, deletedAt: at };
  return { record: changed({ ...record, audience: null, audienceBefore: now.audience }), writes };
}

function changed(record: NameRecord): NameRecord {
  return { ...record, changes: record.changes + 1 };
}
