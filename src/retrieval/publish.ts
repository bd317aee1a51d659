import type { CallContext } from "../fallbacks/core/context.ts";
import type { Change } from "./document-changes.ts";
import { type NameRecord, nameKey } from "./document-names.ts";
import type { DocumentRecord } from "./document-records.ts";
import { type DocumentStore, withoutAbort } from "./document-store.ts";
import type { StoredDocument } from "./ingest.ts";
import type { ReadingState } from "./knowledge.ts";
import type { Live } from "./live.ts";
import type { NameQueues } from "./name-queues.ts";
import type { PreparedDocument } from "./prepared.ts";
import type { Replica } from "./replica.ts";
import { whenFree } from "./slices.ts";

/** What is to be live under a name, and what that changes; without a change it is so already. */
export interface Publication {
  readonly next: DocumentRecord;
  readonly change?: Change;
}

export interface Publishing {
  readonly document: StoredDocument;
  /** Called when the document is not live in this process. */
  readonly prepare: () => Promise<PreparedDocument>;
  /** May be asked more than once, when other instances change the same name. */
  readonly decide: (now: NameRecord) => Promise<Publication>;
  readonly onState: (state: ReadingState) => void | Promise<void>;
}

/**
 * Everything that takes long comes first: until the commit nothing has changed, after it nothing stops half way. A crash before it
 * leaves vectors in memory, which are gone then, and in a remote index, which is rid of them when it is compared with what is stored.
 */
export type Publish = (publishing: Publishing, context: CallContext) => Promise<DocumentRecord>;

export function createPublish(options: {
  readonly documents: DocumentStore;
  readonly live: Live;
  readonly names: NameQueues;
  readonly replica: Pick<Replica, "note">;
}): Publish {
  const { documents, live, names, replica } = options;

  async function inTurn({ document, prepare, decide, onState }: Publishing, context: CallContext) {
    const prepared = live.records.has(document.documentId) ? undefined : await prepare();
    if (prepared) await live.embed(prepared, context);
    await onState("embedded");
    if (prepared) await live.stage(prepared, context);
    // To make its record takes as long as the document is.
    await whenFree(context.signal);
    await onState("indexed");
    const { next, change } = await documents.change(
      document.name,
      async (now) => {
        const publication = await decide(now);
        return { ...publication.change, result: publication };
      },
      context,
    );
    const before = prepared ? live.publish(prepared, next) : undefined;
    // Also without a change of ours: another instance may have said something else of it, which was read just now.
    if (!prepared && live.records.get(document.documentId) !== next) live.amend(next);
    if (change) replica.note(change.record);
    if (before) await live.clear(before.document, context);
    return next;
  }

  return async (publishing, context) => {
    const { document, onState } = publishing;
    const record = await names.inTurn(nameKey(document.name), async () => {
      try {
        return await inTurn(publishing, context);
      } catch (error) {
        await live.clear(document, withoutAbort(context));
        throw error;
      }
    });
    await onState("live");
    return record;
  };
}
