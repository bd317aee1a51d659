import type { Clock } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import { LayerError } from "../fallbacks/core/errors.ts";
import { admitted, amended, madeLive, reservationOf, reserved } from "./document-changes.ts";
import { checkFacts, sameFacts } from "./document-facts.ts";
import { checkName, type NameRecord, nameKey } from "./document-names.ts";
import type { DocumentRecord } from "./document-records.ts";
import type { DocumentStore } from "./document-store.ts";
import { cutDocument } from "./ingest.ts";
import type { AddOptions, NewDocument, Reservation, SimilarPassage } from "./knowledge.ts";
import { createNameQueues } from "./name-queues.ts";
import type { PreparedDocument, Preparer } from "./prepared.ts";
import type { Publication, Publish } from "./publish.ts";
import type { Reader } from "./reading/reader.ts";
import { inSlices, light } from "./slices.ts";
import { refuseUnknownAudience } from "./unknown-audience.ts";

/** From the bytes of a document to its being found. */
export interface Adding {
  reserve(name: string, context: CallContext): Promise<Reservation>;
  add(document: NewDocument, context: CallContext, options: AddOptions): Promise<DocumentRecord>;
}

export function createAdding(options: {
  readonly documents: DocumentStore;
  readonly reader: Reader;
  readonly preparer: Preparer;
  readonly publish: Publish;
  /** The record of a version, for what is to be kept of it. */
  readonly liveOf: (now: NameRecord, context: CallContext) => Promise<DocumentRecord | undefined>;
  readonly similarOf: (prepared: PreparedDocument, context: CallContext) => Promise<readonly SimilarPassage[]>;
  readonly isLive: (documentId: string) => boolean;
  readonly clock: Clock;
}): Adding {
  const { documents, reader, preparer, publish, liveOf, similarOf, isLive, clock } = options;
  /** Of one name the one that came first is added first, however long it is. */
  const adding = createNameQueues();
  const receiving = createNameQueues();

  async function reserve(name: string, context: CallContext): Promise<Reservation> {
    checkName(name);
    const decide = async (now: NameRecord) => {
      const record = reserved(now);
      return { record, result: reservationOf(record) };
    };
    return receiving.inTurn(nameKey(name), () => documents.change(name, decide, context));
  }

  async function addInTurn(given: NewDocument, reservation: Reservation, context: CallContext, told: AddOptions) {
    const facts = checkFacts(given);
    if (context.signal.aborted) throw new LayerError("aborted", "the caller went away");
    const { name, url = null } = given;
    const parsed = await reader.read(given, context);
    const { document, repeated } = await inSlices(light(cutDocument(name, parsed)), context.signal);
    const { documentId, chunks } = document;
    const onState = async (state: Parameters<NonNullable<AddOptions["onState"]>>[0]) =>
      told.onState?.(state, chunks.length);
    await onState("parsed");
    const first = isLive(documentId) ? undefined : await preparer.prepare(document, context);
    let similar = first && (await similarOf(first, context));

    async function decide(now: NameRecord): Promise<Publication> {
      const known = admitted(now, reservation, documentId);
      const old = await liveOf(known, context);
      const order = Math.max(known.order, reservation.order);
      if (known.live === documentId && old) {
        // Of two that say something of the same content the one that came later is right.
        const isLatest = reservation.order >= known.order;
        const next = { ...old, ...(isLatest && { ...facts, url }) };
        const isSame = sameFacts(old, next) && old.url === next.url;
        if (!isSame) return { next, change: amended({ ...known, order }, next) };
        return order === now.order ? { next: old } : { next: old, change: { record: { ...known, order }, writes: [] } };
      }
      if (known.live !== null && !old && !facts.audience) await refuseUnknownAudience(documents, known, context);
      const at = clock.wall().toISOString();
      const next: DocumentRecord = {
        document,
        // Whoever sends the next version without a word about them does not open it to others.
        audience: old?.audience ?? [],
        metadata: old?.metadata ?? {},
        ...facts,
        url,
        version: known.version + 1,
        addedAt: at,
        liveAt: at,
        repeated,
        similar: similar ?? [],
      };
      return { next, change: madeLive(known, next, { old, order }) };
    }

    async function prepare(): Promise<PreparedDocument> {
      const prepared = first ?? (await preparer.prepare(document, context));
      similar ??= await similarOf(prepared, context);
      return prepared;
    }

    return publish({ document, prepare, decide, onState }, context);
  }

  return {
    reserve,
    add(document, context, told) {
      const received = told.reservation ? Promise.resolve(told.reservation) : reserve(document.name, context);
      received.catch(() => undefined);
      return adding.inTurn(nameKey(document.name), async () => addInTurn(document, await received, context, told));
    },
  };
}
