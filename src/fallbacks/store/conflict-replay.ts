import type { CallContext } from "../core/context.ts";
import { asLayerError } from "../core/errors.ts";
import type { Buried, Unite } from "./access.ts";
import type { Mends } from "./mends.ts";
import { expectOf, lookAll, NOTHING, nameOf, placesOf } from "./operations.ts";
import type { Outbox } from "./outbox.ts";
import type { OutboxEntry } from "./outbox-entry.ts";
import type { Operation, Place, Seen, Store, Write } from "./port.ts";
import type { OnRemote } from "./remote-link.ts";
import { LOST, type ReplicaMark } from "./replica-mark.ts";

/** What becomes of an operation that was acknowledged here and that the remote store does not take as it is. */
export interface ConflictReplay {
  /**
   * Unites it with what is there and sends that under the same id, as the id has not been spent; or buries it. The places that
   * either touches are noted, to be mended when the outbox is empty. `away`: the remote store is, and nothing has changed.
   */
  settle(entry: OutboxEntry, operation: Operation, reason: string, context: CallContext): Promise<"sent" | "away">;
  bury(entry: OutboxEntry, reason: string, context: CallContext): Promise<void>;
}

interface United {
  /** Absent: it cannot be united. */
  readonly operation?: Operation;
  readonly why?: string;
}

/** Times that another instance may be faster than the united operation. */
const MOST_TRIES = 5;
/** Times that `unite` may ask for one more place. */
const MOST_QUESTIONS = 8;

export function createConflictReplay(options: {
  readonly local: Store;
  readonly outbox: Outbox;
  readonly mark: ReplicaMark;
  readonly mends: Mends;
  readonly onRemote: OnRemote;
  readonly newId: () => string;
  readonly unite: Unite | undefined;
  readonly onBuried: ((buried: Buried) => void) | undefined;
}): ConflictReplay {
  const { local, outbox, mark, mends, onRemote, newId, unite, onBuried } = options;

  async function note(places: readonly Place[], context: CallContext): Promise<void> {
    const writes = mends.notes(places);
    if (writes.length > 0) await local.commit({ id: newId(), writes }, context);
    mends.noted(places);
  }

  /** What fits what the remote store has now; nothing when there is nobody to unite it. */
  async function united(port: Store, operation: Operation, context: CallContext): Promise<United | typeof LOST> {
    const there = new Map<string, Seen>();
    let asked: readonly Place[] = placesOf(operation.writes);
    if (!unite) return {};
    for (let questions = 0; questions < MOST_QUESTIONS; questions += 1) {
      const seen = await mark.read(port, () => lookAll(port, asked, context), context);
      if (seen === LOST) return LOST;
      for (const [name, what] of seen) there.set(name, what);
      const missing = new Map<string, Place>();
      const answer = ask(unite, operation, (place) => {
        const what = there.get(nameOf(place));
        // Places of other operations may be asked for too: then it is asked again when they are known.
        if (!what) missing.set(nameOf(place), { collection: place.collection, key: place.key });
        return what ?? NOTHING;
      });
      if (missing.size === 0) {
        if (!answer.operation) return answer;
        return { operation: { id: operation.id, writes: guarded(answer.operation.writes, there) } };
      }
      asked = [...missing.values()];
    }
    return {};
  }

  /** `again`: another instance was faster. A reason: it cannot be, and why if that is known. */
  async function tryOnce(
    operation: Operation,
    context: CallContext,
  ): Promise<"sent" | "away" | "again" | { readonly why?: string }> {
    const { value: found } = await onRemote((port, ctx) => united(port, operation, ctx), context);
    if (!found) return "away";
    const fitting = found.operation;
    if (!fitting) return found;
    // Before it is sent: a new start must know that the local records are not what the remote ones have become.
    await note(placesOf(fitting.writes), context);
    const { value: sent } = await onRemote(
      (port, ctx) => mark.commitAll(port, [fitting], { chained: true }, ctx),
      context,
    );
    if (!sent) return "away";
    const [outcome] = sent;
    if (outcome?.status === "refused") return { why: outcome.error.message };
    return outcome?.status === "applied" ? "sent" : "again";
  }

  async function bury(
    entry: OutboxEntry,
    reason: string,
    context: CallContext,
    places: readonly Place[] = [],
  ): Promise<void> {
    const key = await outbox.bury(entry, reason, context, mends.notes(places));
    mends.noted(places);
    onBuried?.({ operation: entry.operation, key, reason });
  }

  return {
    bury,
    async settle(entry, operation, reason, context) {
      const places = placesOf(operation.writes);
      let why = reason;
      await note(places, context);
      for (let tries = 0; tries < MOST_TRIES; tries += 1) {
        const step = await tryOnce(operation, context);
        if (step === "away") return "away";
        if (step === "sent") {
          // Without a sync of its own: sent again after a crash, it is known there by its id.
          outbox.settle([entry.key]);
          return "sent";
        }
        if (step === "again") continue;
        if (step.why !== undefined) why = `${reason}; not united: ${step.why}`;
        break;
      }
      await bury(entry, why, context, places);
      return "sent";
    },
  };
}

/** A defect there is no failure of the remote store, and must not stop what is behind. */
function ask(unite: Unite, operation: Operation, there: (place: Place) => Seen): United {
  try {
    const found = unite(operation, there);
    return found ? { operation: found } : {};
  } catch (thrown) {
    return { why: asLayerError(thrown).message };
  }
}

/** The first write to each place goes only to what was seen there. */
function guarded(writes: readonly Write[], there: ReadonlyMap<string, Seen>): readonly Write[] {
  const met = new Set<string>();
  return writes.map((write) => {
    const name = nameOf(write);
    const seen = met.has(name) ? undefined : there.get(name);
    met.add(name);
    return seen && write.expect === undefined ? { ...write, expect: expectOf(seen) } : write;
  });
}
