import type { Unite } from "../fallbacks/store/access.ts";
import type { Json, Operation, Place, Seen, Write } from "../fallbacks/store/port.ts";
import { type Change, deleted, madeLive } from "./document-changes.ts";
import { type NameRecord, nameFromStored, nameToStored } from "./document-names.ts";
import { type DocumentRecord, fromStored, wentLiveAt } from "./document-records.ts";
import { SETTINGS_KEY, settingsIn } from "./settings.ts";
import { stricter } from "./visibility.ts";

type There = (place: Place) => Seen;
type Put = Extract<Write, { kind: "put" }>;

/**
 * What this process made of documents while it did not see the others, made to fit what they have made of them. Of two versions
 * under one name the one that went live later is live and the other one is kept; a deletion takes what went live before it, and
 * nothing that did so after it. Who may read a document is what the one side has said that said something of it, whichever version
 * is live; where both did, or it cannot be told, it is for those whom both let in. A setting that both have changed is the one that arrives last. It is the
 * clocks of two machines that are compared: between machines that cannot see each other there is nothing better.
 */
export const uniteDocuments: Unite = (operation, there) => {
  const name = operation.writes.find((write) => isPutIn(write, "document_names"));
  if (name) return uniteName(operation, name, there);
  const settings = operation.writes.find((write) => isPutIn(write, "meta") && write.key === SETTINGS_KEY);
  if (!settings || settings.kind !== "put") return undefined;
  const theirs = settingsIn(there(settings).value);
  const value = { ...theirs, ...changedSettings(settings.value) };
  return {
    id: operation.id,
    writes: operation.writes.map((write) => (write === settings ? plain(settings, value) : write)),
  };
};

/** Those that the change named; all of them where it does not say. */
function changedSettings(value: Json): Readonly<Record<string, number>> {
  const all = Object.entries(settingsIn(value));
  const named = typeof value === "object" && value !== null && "changed" in value ? value.changed : undefined;
  return Object.fromEntries(Array.isArray(named) ? all.filter(([name]) => named.includes(name)) : all);
}

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
  // Something was received, and no more than that changed here, except perhaps which of those received is live.
  if (writes.length === 1) {
    const order = mine.live === theirs.live ? Math.max(mine.order, theirs.order) : theirs.order;
    return put({ record: { ...known, order }, writes: [] });
  }
  const stored = writes.find((write): write is Put => isPutIn(write, "documents") && write.key === mine.live);
  if (!stored) return put(uniteDeletion(mine, known, there));
  return put(uniteVersion({ name: mine, version: fromStored(stored.key, stored.value) }, known, writes, there));
}

function uniteDeletion(mine: NameRecord, theirs: NameRecord, there: There): Change {
  const at = mine.deletedAt ?? "";
  const liveAt = (collection: Place["collection"], key: string) => wentLiveAt(there({ collection, key }).value);
  // The greater number, not one more: who has received something since by the one of them must not find that it was deleted.
  const deletions = Math.max(mine.deletions, theirs.deletions);
  const deletedAt = later(at, theirs.deletedAt ?? "");
  if (theirs.live === null || liveAt("documents", theirs.live) <= at) {
    const { record, writes } = deleted(theirs, deletedAt);
    return { record: { ...record, deletions }, writes };
  }
  // What they have made live since stays; the versions that were there before do not.
  const kept = theirs.kept.filter((key) => liveAt("document_versions", key) > at);
  const forgotten = theirs.kept.filter((key) => !kept.includes(key));
  return {
    record: { ...theirs, kept, deletions, deletedAt, changes: theirs.changes + 1 },
    writes: forgotten.map((key): Write => ({ kind: "delete", collection: "document_versions", key })),
  };
}

interface Mine {
  readonly name: NameRecord;
  readonly version: DocumentRecord;
}

function uniteVersion(mine: Mine, theirs: NameRecord, writes: readonly Write[], there: There): Change {
  const { documentId } = mine.version.document;
  const deletedAt = theirs.deletedAt ?? "";
  if (mine.version.liveAt <= deletedAt) return { record: theirs, writes: [] };
  // What they have had, and replaced, was read here once more, in the place of nothing: a job that was done there.
  const isAgain = theirs.kept.includes(documentId) && !writes.some((write) => isPutIn(write, "document_versions"));
  if (isAgain) return { record: theirs, writes: [] };
  const found = liveOf(theirs, there);
  const audience = found ? uniteAudiences(mine, found) : mine.version.audience;
  const live = found && { ...found, audience };
  if (live?.document.documentId === documentId) {
    // The same is live on both sides, and ours says something of it, or has made it live once more.
    const liveAt = later(live.liveAt, mine.version.liveAt);
    const next = { ...mine.version, audience, version: live.version, liveAt };
    return madeLive(theirs, next, { old: undefined, order: Math.max(mine.name.order, theirs.order) });
  }
  // What was live before ours is kept, unless they have it, live or kept, or have deleted it.
  const has = new Set([...theirs.kept, theirs.live]);
  const kept = writes.filter(
    (write): write is Put =>
      isPutIn(write, "document_versions") && !has.has(write.key) && wentLiveAt(write.value) > deletedAt,
  );
  const version = mine.version.version <= theirs.version ? theirs.version + 1 : mine.version.version;
  const next = { ...mine.version, audience, version };
  const before = { ...theirs, kept: [...theirs.kept, ...kept.map(({ key }) => key)] };
  const order = theirs.received;
  // The same the other way round: they have, in the place of nothing, what was replaced here.
  const isTheirsAgain =
    live !== undefined && theirs.kept.length === 0 && mine.name.kept.includes(live.document.documentId);
  if (live && !isTheirsAgain && live.liveAt > next.liveAt) {
    // Ours is live for an instant, and theirs again: both in one commit.
    const ours = madeLive(before, next, { old: live, order });
    const again = madeLive(ours.record, live, { old: next, order: theirs.order });
    return { record: again.record, writes: merged([...kept, ...ours.writes, ...again.writes]) };
  }
  const change = madeLive(before, next, { old: live, order });
  return { record: change.record, writes: merged([...kept, ...change.writes]) };
}

/** Of who may read it: what was said of that since both sides knew the same. */
function uniteAudiences({ name, version }: Mine, live: DocumentRecord): readonly string[] {
  const before = name.audienceBefore;
  if (before && sameRoles(before, live.audience)) return version.audience;
  if (before && sameRoles(before, version.audience)) return live.audience;
  return stricter(live.audience, version.audience);
}

function sameRoles(one: readonly string[], other: readonly string[]): boolean {
  return JSON.stringify([...one].sort()) === JSON.stringify([...other].sort());
}

function later(one: string, other: string): string {
  return one > other ? one : other;
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
