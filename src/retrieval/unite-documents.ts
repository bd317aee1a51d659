import type { Unite } from "../fallbacks/store/access.ts";
import type { Json, Operation, Place, Seen, Write } from "../fallbacks/store/port.ts";
import { type Change, deleted, madeLive } from "./document-changes.ts";
import { type NameRecord, nameFromStored, nameToStored } from "./document-names.ts";
import { type DocumentRecord, fromStored } from "./document-records.ts";
import { SETTINGS_KEY, settingsIn } from "./settings.ts";

type There = (place: Place) => Seen;
type Put = Extract<Write, { kind: "put" }>;

/**
 * What this process made of documents while it did not see the others, made to fit what they have made of them. Of two versions
 * under one name the one that went live later is live and the other one is kept; a deletion takes what went live before it, and
 * nothing that did so after it; settings that both have changed are those that arrive last. It is the clocks of two machines that
 * are compared: between machines that cannot see each other there is nothing better.
 */
export const uniteDocuments: Unite = (operation, there) => {
  const name = operation.writes.find((write) => isPutIn(write, "document_names"));
  if (name) return uniteName(operation, name, there);
  const settings = operation.writes.find((write) => isPutIn(write, "meta") && write.key === SETTINGS_KEY);
  if (!settings || settings.kind !== "put") return undefined;
  const theirs = settingsIn(there(settings).value);
  const value = { ...theirs, ...settingsIn(settings.value) };
  return {
    id: operation.id,
    writes: operation.writes.map((write) => (write === settings ? plain(settings, value) : write)),
  };
};

function uniteName(operation: Operation, name: Put, there: There): Operation {
  const { id, writes } = operation;
  const mine = nameFromStored(name.value);
  const seen = there(name).value;
  // Whatever it was decided by is not there: it is as if it had never been.
  if (seen === undefined)
    return { id, writes: writes.map((write) => (write === name ? plain(name, name.value) : write)) };
  const theirs = nameFromStored(seen);
  const known: NameRecord = {
    ...theirs,
    received: Math.max(mine.received, theirs.received),
    version: Math.max(mine.version, theirs.version),
    changes: Math.max(mine.changes, theirs.changes),
  };
  const others = writes.filter(({ collection }) => collection === "meta");
  const put = ({ record, writes: changed }: Change): Operation => ({
    id,
    writes: [plain(name, nameToStored(record)), ...changed, ...others],
  });
  // Something was received, and no more.
  if (writes.length === 1) return put({ record: known, writes: [] });
  const stored = writes.find((write): write is Put => isPutIn(write, "documents") && write.key === mine.live);
  if (!stored) return put(uniteDeletion(mine, known, writes, there));
  return put(uniteVersion(fromStored(stored.key, stored.value), known, writes, there));
}

function uniteDeletion(mine: NameRecord, theirs: NameRecord, writes: readonly Write[], there: There): Change {
  const live = liveOf(theirs, there);
  const at = mine.deletedAt ?? "";
  if (!live || live.liveAt <= at) return deleted(theirs, at);
  // What they have made live since stays; the versions that were there before do not.
  const gone = new Set(writes.filter(({ kind }) => kind === "delete").map(({ key }) => key));
  const kept = theirs.kept.filter((id) => !gone.has(id));
  const forgotten = theirs.kept.filter((id) => gone.has(id));
  return {
    record: { ...theirs, kept, deletions: theirs.deletions + 1, changes: theirs.changes + 1 },
    writes: forgotten.map((key): Write => ({ kind: "delete", collection: "document_versions", key })),
  };
}

function uniteVersion(mine: DocumentRecord, theirs: NameRecord, writes: readonly Write[], there: There): Change {
  const { documentId } = mine.document;
  if (mine.liveAt <= (theirs.deletedAt ?? "")) return { record: theirs, writes: [] };
  const live = liveOf(theirs, there);
  // What was live before ours is kept, unless it is live there, or not any more.
  const kept = writes.filter((write): write is Put => isPutIn(write, "document_versions") && write.key !== theirs.live);
  const isNew = live?.document.documentId !== documentId;
  const next = isNew && mine.version <= theirs.version ? { ...mine, version: theirs.version + 1 } : mine;
  const before = { ...theirs, kept: [...new Set([...theirs.kept, ...kept.map(({ key }) => key)])] };
  const order = theirs.received;
  if (live && isNew && live.liveAt > mine.liveAt) {
    // Ours is live for an instant, and theirs again: both in one commit.
    const ours = madeLive(before, next, { old: live, order });
    const again = madeLive(ours.record, live, { old: next, order: theirs.order });
    return { record: again.record, writes: merged([...kept, ...ours.writes, ...again.writes]) };
  }
  const change = madeLive(before, next, { old: isNew ? live : undefined, order });
  return { record: change.record, writes: merged([...kept, ...change.writes]) };
}

function liveOf(record: NameRecord, there: There): DocumentRecord | undefined {
  if (record.live === null) return undefined;
  const { value } = there({ collection: "documents", key: record.live });
  return value === undefined ? undefined : fromStored(record.live, value);
}

/** Of several writes to one place the last one. */
function merged(writes: readonly Write[]): readonly Write[] {
  const last = new Map(writes.map((write) => [`${write.collection}/${write.key}`, write]));
  return [...last.values()].map((write) => {
    const { expect: _expect, ...rest } = write;
    return rest;
  });
}

/** Without what it was to find there: that is compared anew. */
function plain({ kind, collection, key }: Put, value: Json): Put {
  return { kind, collection, key, value };
}

function isPutIn(write: Write, collection: Place["collection"]): write is Put {
  return write.kind === "put" && write.collection === collection;
}
