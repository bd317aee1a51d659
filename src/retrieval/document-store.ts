import type { CallContext } from "../fallbacks/core/context.ts";
import { LayerError } from "../fallbacks/core/errors.ts";
import type { StoreAccess } from "../fallbacks/store/access.ts";
import type { Collection, Write } from "../fallbacks/store/port.ts";
import type { ChangeMarks } from "./change-marks.ts";
import { type NameRecord, nameFromStored, nameKey, nameToStored, unrecorded } from "./document-names.ts";
import { type DocumentRecord, fromStored } from "./document-records.ts";

/** `whole`: by a store that knows of everybody's changes; else it may be old, or lack what others did. */
export interface Read<T> {
  readonly value: T;
  readonly whole: boolean;
}

/** What to make of a name, decided from what it stands for now. */
export interface Decision<T> {
  /** Absent: it stays as it is, and nothing is written. */
  readonly record?: NameRecord;
  /** Of the documents; written together with the record, or not at all. */
  readonly writes?: readonly Write[];
  readonly result: T;
}

/** The documents in the store: all that is said of a name changes in one commit. */
export interface DocumentStore {
  /** All live documents, a page at a time. A record that cannot be read is reported and left out. */
  pages(context: CallContext): AsyncIterable<Read<readonly DocumentRecord[]>>;
  /** All that is said of names, by key. A record that cannot be read is reported and left out. */
  names(
    context: CallContext,
  ): Promise<Read<ReadonlyMap<string, NameRecord>> & { readonly unreadable: readonly string[] }>;
  name(name: string, context: CallContext): Promise<Read<NameRecord | undefined>>;
  live(documentId: string, context: CallContext): Promise<Read<DocumentRecord | undefined>>;
  kept(documentId: string, context: CallContext): Promise<Read<DocumentRecord | undefined>>;
  /** Names whose last commit failed, and may have been applied all the same. */
  readonly doubted: ReadonlySet<string>;
  /** Resolves when all that was sent before has been applied, or never will be. @throws {LayerError} it cannot be told now. */
  settled(context: CallContext): Promise<void>;
  /** What the store has of it has been looked up since. */
  believe(name: string): void;
  /**
   * What was read of a name and of these documents counts for the copy on this machine too, so that a start while the shared store
   * is away does not bring back what others have deleted or restricted. @throws {LayerError} the copy fails.
   */
  takeOver(name: string, documentIds: readonly string[], context: CallContext): Promise<void>;
  /**
   * Decides and commits; when another instance was faster it decides again, by what that one has made of it. Once begun, the commit
   * is not stopped by a caller that goes away. @throws {LayerError} `server` when others are faster 20 times; what `decide` throws.
   */
  change<T>(name: string, decide: (now: NameRecord) => Promise<Decision<T>>, context: CallContext): Promise<T>;
}

export interface DocumentStoreOptions {
  readonly store: Pick<StoreAccess, "commit" | "get" | "list" | "takeOver">;
  /** Absent: nobody else changes the documents. */
  readonly marks: ChangeMarks | undefined;
  /** The live document of a name in this process: of use for those that have no record. */
  readonly liveOf: (name: string) => string | undefined;
  readonly newId: () => string;
  readonly report: (error: unknown, fields: object) => void;
}

const MOST_TRIES = 20;
/** So many bytes of JSON are parsed without a pause: a few milliseconds. */
const PAGE_BYTES = 512 * 1024;
const PAGE_LIMIT = 1_000;

export function createDocumentStore(options: DocumentStoreOptions): DocumentStore {
  const { store, marks, liveOf, newId, report } = options;
  const doubted = new Set<string>();

  function readable(key: string, value: Parameters<typeof fromStored>[1]): readonly DocumentRecord[] {
    try {
      return [fromStored(key, value)];
    } catch (error) {
      report(error, { doing: "reading a stored document", document: key });
      return [];
    }
  }

  /** Pages until one is empty, as any may be short. */
  async function* listed(collection: Collection, context: CallContext) {
    for (let after: string | undefined; ; ) {
      const request = { collection, limit: PAGE_LIMIT, bytes: PAGE_BYTES };
      const { value, degraded } = await store.list(after === undefined ? request : { ...request, after }, context);
      // The empty one too: by an old copy it is not the end.
      yield { value, whole: degraded === undefined };
      if (value.length === 0) return;
      after = value.at(-1)?.key;
    }
  }

  async function one(collection: Collection, documentId: string, context: CallContext) {
    const { value, degraded } = await store.get(collection, documentId, context);
    const [record] = value ? readable(documentId, value.value) : [];
    return { value: record, whole: degraded === undefined };
  }

  return {
    async *pages(context) {
      for await (const { value, whole } of listed("documents", context)) {
        yield { value: value.flatMap((record) => readable(record.key, record.value)), whole };
      }
    },
    async names(context) {
      const found = new Map<string, NameRecord>();
      const unreadable: string[] = [];
      let whole = true;
      for await (const page of listed("document_names", context)) {
        whole &&= page.whole;
        for (const { key, value } of page.value) {
          try {
            found.set(key, nameFromStored(value));
          } catch (error) {
            report(error, { doing: "reading what is stored of a name", key });
            unreadable.push(key);
          }
        }
      }
      return { value: found, whole, unreadable };
    },
    async name(name, context) {
      const { value, degraded } = await store.get("document_names", nameKey(name), context);
      return { value: value && nameFromStored(value.value), whole: degraded === undefined };
    },
    live: (documentId, context) => one("documents", documentId, context),
    kept: (documentId, context) => one("document_versions", documentId, context),
    doubted,
    async settled(context) {
      await store.commit({ id: `documents:${newId()}`, writes: [] }, context);
    },
    believe: (name) => void doubted.delete(name),
    async takeOver(name, documentIds, context) {
      const documents = documentIds.map((key) => ({ collection: "documents", key }) as const);
      await store.takeOver?.([{ collection: "document_names", key: nameKey(name) }, ...documents], context);
    },
    async change(name, decide, context) {
      const key = nameKey(name);
      const settling = withoutAbort(context);
      for (let tries = 0; tries < MOST_TRIES; tries += 1) {
        const { value } = await store.get("document_names", key, context);
        const now = value ? nameFromStored(value.value) : unrecorded(name, liveOf(name) ?? null);
        const { record, writes = [], result } = await decide(now);
        if (!record) return result;
        const expect = value?.version ?? 0;
        const ofName: Write = {
          kind: "put",
          collection: "document_names",
          key,
          value: nameToStored(record),
          expect,
        };
        const mark = writes.length > 0 ? marks?.mark() : undefined;
        const all = [ofName, ...writes, ...(mark?.writes ?? [])];
        const operation = { id: `documents:${newId()}`, writes: all };
        const committed = await store.commit(operation, settling).catch((error: unknown) => {
          if (writes.length > 0) doubted.add(name);
          throw error;
        });
        if (committed.value.status === "conflict") continue;
        mark?.done();
        return result;
      }
      throw new LayerError(
        "server",
        `other instances have changed ${JSON.stringify(name)} ${MOST_TRIES} times meanwhile`,
      );
    },
  };
}

/** For what must not stop half way because the caller went away; the deadline stays. */
export function withoutAbort(context: CallContext): CallContext {
  return { ...context, signal: new AbortController().signal };
}
