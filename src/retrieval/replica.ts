import type { Clock } from "../fallbacks/core/clock.ts";
import { type CallContext, createContext } from "../fallbacks/core/context.ts";
import { within } from "../fallbacks/core/deadline.ts";
import type { ChangeMarks } from "./change-marks.ts";
import { type NameRecord, nameKey } from "./document-names.ts";
import type { DocumentRecord } from "./document-records.ts";
import type { DocumentStore } from "./document-store.ts";
import type { Live } from "./live.ts";
import type { NameQueues } from "./name-queues.ts";
import type { Precedence } from "./precedence.ts";
import type { Settings } from "./settings.ts";
import { tolerate } from "./tolerate.ts";

/** Keeps what is live in this process in step with the store, which other processes change too. */
export interface Replica {
  /** Makes everything that is stored live. */
  load(context: CallContext): Promise<void>;
  /**
   * Takes over what others have changed, and what became of changes of this process whose outcome is not known; waits for that, but
   * not for long. @throws {LayerError} only `aborted`.
   */
  upToDate(context: CallContext): Promise<void>;
  /** What this process itself has made of a name, and has made live. */
  note(record: NameRecord): void;
  /** Whether what is live here under the name is what the record says. */
  isCurrent(record: NameRecord): boolean;
  close(): void;
}

export interface ReplicaOptions {
  readonly documents: DocumentStore;
  readonly live: Live;
  readonly settings: Settings;
  /** Everything that changes what a name stands for here takes its turn. */
  readonly names: NameQueues;
  /** Absent: nobody else changes the documents. */
  readonly marks: ChangeMarks | undefined;
  readonly precedence: Pick<Precedence, "lift">;
  readonly clock: Clock;
  readonly report: (error: unknown, fields: object) => void;
}

/** Documents that are made ready at once at a start: one in its thread while another one is put in. */
const LOADED_AT_ONCE = 4;
/** Milliseconds for taking over the changes of others, and how long a question waits for that. */
const REFRESH_MS = 600_000;
const WAITED_MS = 1_000;

export function createReplica(options: ReplicaOptions): Replica {
  const { documents, live, settings, names, marks, precedence, clock, report } = options;
  const stop = new AbortController();
  /** What was last seen of each name, by key. */
  const seen = new Map<string, Pick<NameRecord, "name" | "live" | "changes">>();
  /** Everything that is stored has been read once, from a store that knew all of it. */
  let complete = false;
  let refreshing: Promise<unknown> = Promise.resolve();
  /** The one that has not begun. */
  let next: Promise<void> | undefined;

  function isCurrent({ name, changes, live: documentId }: NameRecord): boolean {
    const known = seen.get(nameKey(name));
    return known?.changes === changes && known.live === documentId;
  }

  function note(record: NameRecord): void {
    const { name, live: documentId, changes } = record;
    seen.set(nameKey(name), { name, live: documentId, changes });
  }

  /** In the turn of its name. */
  async function take(record: DocumentRecord, context: CallContext): Promise<void> {
    const { document } = record;
    if (live.records.has(document.documentId)) {
      live.amend(record);
      return;
    }
    const prepared = await live.recall(document, context);
    try {
      await live.stage(prepared, context);
    } catch (error) {
      await live.clear(document, context);
      throw error;
    }
    const before = live.publish(prepared, record);
    if (before) await live.clear(before.document, context);
  }

  /** Makes of one name what the store says; false: it cannot be told now. */
  function takeOver(name: string, context: CallContext): Promise<boolean> {
    return names.inTurn(nameKey(name), async () => {
      const { value: record, whole } = await documents.name(name, context);
      if (!whole) return false;
      const here = live.byName(name);
      const documentId = record ? record.live : here?.document.documentId;
      const stored =
        documentId === null || documentId === undefined ? undefined : await documents.live(documentId, context);
      if (stored && !stored.whole) return false;
      // Replaced since the record was read: the mark of whoever did that has not been seen.
      if (record && documentId !== null && !stored?.value) return true;
      if (stored?.value) await take(stored.value, context);
      else if (here) await live.drop(here, context);
      if (record) note(record);
      else seen.delete(nameKey(name));
      const ids = [record?.live, here?.document.documentId].filter((id) => id !== undefined && id !== null);
      await documents.takeOver(name, [...new Set(ids)], context);
      return true;
    });
  }

  /** Documents whose names have no record: before there were these, they were all there was. */
  async function unrecorded(
    known: ReadonlyMap<string, NameRecord>,
    unreadable: ReadonlySet<string>,
    context: CallContext,
  ): Promise<boolean> {
    const there = new Set<string>();
    for await (const { value, whole } of documents.pages(context)) {
      if (!whole) return false;
      for (const { document } of value) if (!known.has(nameKey(document.name))) there.add(document.documentId);
      for (const record of value) {
        const { documentId, name } = record.document;
        if (!there.has(documentId) || live.records.has(documentId)) continue;
        await names.inTurn(nameKey(name), () => take(record, context));
      }
    }
    const gone = [...live.records.values()].filter(({ document: { documentId, name } }) => {
      const key = nameKey(name);
      return !there.has(documentId) && !known.has(key) && !unreadable.has(key);
    });
    for (const { document } of gone) if (!(await takeOver(document.name, context))) return false;
    return true;
  }

  /** What became of commits that failed. */
  async function settleDoubts(context: CallContext): Promise<void> {
    const doubted = [...documents.doubted];
    if (doubted.length === 0) return;
    await documents.settled(context);
    for (const name of doubted) if (await takeOver(name, context)) documents.believe(name);
  }

  /** Nobody waits for documents to be made ready with what is quick: what was deleted or restricted. Then what is old here. */
  function urgency({ name, live: documentId }: NameRecord): number {
    if (documentId === null || live.records.has(documentId)) return 0;
    return live.byName(name) ? 1 : 2;
  }

  async function refresh(context: CallContext): Promise<void> {
    await settleDoubts(context);
    const now = await marks?.read(context);
    if (!marks || !now || marks.isSeen(now)) return;
    const { value: known, whole, unreadable: keys } = await documents.names(context);
    if (!whole) return;
    const unreadable = new Set(keys);
    const changed = [...known.values()].filter((record) => !isCurrent(record));
    const lost = [...seen].filter(([key]) => !known.has(key) && !unreadable.has(key)).map(([, { name }]) => name);
    const inOrder = changed.sort((one, other) => urgency(one) - urgency(other)).map(({ name }) => name);
    for (const name of [...lost, ...inOrder]) if (!(await takeOver(name, context))) return;
    if (!complete && !(await unrecorded(known, unreadable, context))) return;
    complete = true;
    if (await settings.load(context)) marks.see(now);
  }

  /** One after the other, and one that begins after this call: whoever comes while it waits for its turn joins it. */
  function refreshSoon(): Promise<void> {
    if (next) return next;
    const refreshed = refreshing.then(() => {
      next = undefined;
      const { signal } = stop;
      return refresh(createContext({ clock, requestId: "refresh-knowledge", deadlineMs: REFRESH_MS, signal }));
    });
    next = refreshed;
    refreshing = refreshed.catch((error: unknown) => {
      if (!stop.signal.aborted) report(error, { doing: "taking over documents of the shared store" });
    });
    return refreshed;
  }

  return {
    note,
    isCurrent,
    async load(context) {
      const before = await marks?.read(context);
      const known = await documents.names(context);
      const settled = await settings.load(context);
      let whole = before !== undefined && known.whole && settled;
      const loading: Promise<void>[] = [];
      for await (const page of documents.pages(context)) {
        whole &&= page.whole;
        for (const record of page.value) {
          const { name, documentId } = record.document;
          const named = known.value.get(nameKey(name));
          if (named && named.live !== documentId) continue;
          const one = names.inTurn(nameKey(name), () => take(record, context));
          one.catch(() => undefined);
          loading.push(one);
          if (loading.length >= LOADED_AT_ONCE) await loading.shift();
        }
      }
      await Promise.all(loading);
      for (const record of known.value.values()) {
        const found = live.byName(record.name)?.document.documentId ?? null;
        if (known.whole && found === record.live) note(record);
      }
      if (!before || !whole) return;
      complete = true;
      marks?.see(before);
    },
    async upToDate(context) {
      await tolerate(context, async () => {
        if (documents.doubted.size === 0) {
          const now = await marks?.read(context);
          if (!now || marks?.isSeen(now)) return;
        }
        const ms = Math.min(WAITED_MS, context.deadline.remaining() / 2);
        const lower = precedence.lift();
        await within({ clock, signal: context.signal, ms }, refreshSoon).finally(lower);
      });
    },
    close: () => stop.abort(),
  };
}
