import type { Clock } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import { Problem } from "../problems.ts";
import { deleted, madeLive, reserved } from "./document-changes.ts";
import { type NameRecord, nameKey, unrecorded } from "./document-names.ts";
import type { DocumentRecord } from "./document-records.ts";
import { type DocumentStore, type Read, withoutAbort } from "./document-store.ts";
import type { Live } from "./live.ts";
import type { NameQueues } from "./name-queues.ts";
import type { Publication, Publish } from "./publish.ts";
import type { Replica } from "./replica.ts";
import { stricter } from "./visibility.ts";

/** All versions of a document, whichever of them is named. */
export interface Versions {
  /** @throws {Problem} `document_not_found`; `store_unavailable` when it cannot be told. */
  get(documentId: string, context: CallContext): Promise<DocumentRecord>;
  /** Newest first. @throws {Problem} as `get`. */
  list(documentId: string, context: CallContext): Promise<readonly DocumentRecord[]>;
  /** @throws {Problem} as `get`. */
  remove(documentId: string, context: CallContext): Promise<void>;
  /**
   * Whoever may not read both, the live version and the one that it goes back to, may not read it then.
   * @throws {Problem} as `get`; `invalid_request` where there is no other version.
   */
  rollback(documentId: string, to: string | undefined, context: CallContext): Promise<DocumentRecord>;
}

export function createVersions(options: {
  readonly documents: DocumentStore;
  readonly live: Live;
  readonly names: NameQueues;
  readonly replica: Pick<Replica, "note">;
  readonly publish: Publish;
  readonly liveOf: (now: NameRecord, context: CallContext) => Promise<DocumentRecord | undefined>;
  readonly clock: Clock;
}): Versions {
  const { documents, live, names, replica, publish, liveOf, clock } = options;

  async function get(documentId: string, context: CallContext): Promise<DocumentRecord> {
    const here = live.records.get(documentId);
    if (here) return here;
    const kept = present(documentId, await documents.kept(documentId, context));
    if (kept) return kept;
    // One that another instance has made live a moment ago.
    const there = present(documentId, await documents.live(documentId, context));
    if (there) return there;
    throw notFound(documentId);
  }

  async function nameOf(name: string, context: CallContext): Promise<Read<NameRecord>> {
    const { value, whole } = await documents.name(name, context);
    return { value: value ?? unrecorded(name, live.byName(name)?.document.documentId ?? null), whole };
  }

  return {
    get,
    async list(documentId, context) {
      const { document } = await get(documentId, context);
      const { value: record, whole } = await nameOf(document.name, context);
      // A copy that knows of no other one may be older than they are.
      if (!whole && record.kept.length === 0) throw untold(documentId, "which versions there are of");
      const found: DocumentRecord[] = [];
      for (const id of [...record.kept, ...(record.live === null ? [] : [record.live])]) {
        const version =
          id === record.live ? await liveOf(record, context) : present(id, await documents.kept(id, context));
        if (version) found.push(version);
      }
      return found.sort((a, b) => b.version - a.version);
    },
    async remove(documentId, context) {
      const { document } = await get(documentId, context);
      const settling = withoutAbort(context);
      await names.inTurn(nameKey(document.name), async () => {
        const decide = async (now: NameRecord) => {
          if (now.live !== documentId && !now.kept.includes(documentId)) throw notFound(documentId);
          const change = deleted(now, clock.wall().toISOString());
          return { ...change, result: change.record };
        };
        const record = await documents.change(document.name, decide, settling);
        const here = live.byName(document.name);
        if (here) await live.drop(here, settling);
        replica.note(record);
      });
    },
    async rollback(documentId, to, context) {
      const { document: named } = await get(documentId, context);
      const { value: before, whole } = await nameOf(named.name, context);
      const target = to ?? before.kept.at(-1);
      if (target === undefined && !whole) throw untold(documentId, "which versions there are of");
      if (target === undefined) {
        throw new Problem("invalid_request", `the document ${JSON.stringify(documentId)} has no other version`, {
          field: "to",
        });
      }
      const wanted = target === before.live ? await liveOf(before, context) : await get(target, context);
      if (!wanted || wanted.document.name !== named.name) throw notFound(target, "to");

      async function decide(now: NameRecord): Promise<Publication> {
        const old = await liveOf(now, context);
        if (now.live === target && old) return { next: old };
        if (!wanted || target === undefined || !now.kept.includes(target)) throw notFound(target ?? documentId, "to");
        const known = reserved(now);
        // Unless another instance has replaced it just now: then this cannot be committed, and is decided again.
        if (now.live !== null && !old && (await nameOf(named.name, context)).value.changes === now.changes) {
          throw untold(now.live, "who may read");
        }
        // An older version does not open a document again, nor is it opened by what was said of the one after it.
        const audience = old ? stricter(old.audience, wanted.audience) : wanted.audience;
        const next = { ...wanted, audience, liveAt: clock.wall().toISOString() };
        return { next, change: madeLive(known, next, { old, order: known.received }) };
      }

      const { document } = wanted;
      const prepare = () => live.recall(document, context);
      return publish({ document, prepare, decide, onState: () => undefined }, context);
    },
  };
}

/** @throws {Problem} `store_unavailable` when what is not there may be elsewhere. */
function present(documentId: string, { value, whole }: Read<DocumentRecord | undefined>): DocumentRecord | undefined {
  if (value || whole) return value;
  throw untold(documentId, "whether there is");
}

function untold(documentId: string, what: string): Problem {
  return new Problem("store_unavailable", `${what} the document ${JSON.stringify(documentId)} cannot be told now`, {
    field: "document_id",
  });
}

function notFound(documentId: string, field = "document_id"): Problem {
  return new Problem("document_not_found", `there is no document ${JSON.stringify(documentId)}`, { field });
}
