import type { CallContext } from "../core/context.ts";
import type { ConflictReplay } from "./conflict-replay.ts";
import type { Mends } from "./mends.ts";
import { nameOf, placesOf } from "./operations.ts";
import type { Outbox } from "./outbox.ts";
import type { OutboxEntry } from "./outbox-entry.ts";
import type { Place, Store } from "./port.ts";
import type { OnRemote } from "./remote-link.ts";
import { compare, copyNewer, isOvertaken, type Pair } from "./resync-pairs.ts";

/**
 * Deals with what waits in the outbox while the remote store is being filled: its effect is copied with the local records, so
 * its ids are spent. What another instance has overtaken stays, to be united or buried when the remote store is whole.
 */
export interface Settlement {
  /** From the oldest entry. */
  begin(): void;
  /** Settles the next entries; nobody may save in the meantime. */
  next(context: CallContext): Promise<"more" | "empty" | "away">;
}

const ENTRIES_AT_ONCE = 250;
const OVERTAKEN = "overtaken while the shared store had lost data";

export function createSettlement(options: {
  readonly local: Store;
  readonly outbox: Outbox;
  readonly mends: Mends;
  readonly conflicts: Pick<ConflictReplay, "bury">;
  readonly onRemote: OnRemote;
  readonly newId: () => string;
}): Settlement {
  const { local, outbox, mends, conflicts, onRemote, newId } = options;
  /** Key of the last entry that was left where it is. */
  let behind: string | undefined;

  function kindOf({ operation, refused }: OutboxEntry, overtaken: ReadonlySet<string>): "kept" | "lost" | "spent" {
    if (!operation) return "kept";
    const writes = refused ? [] : operation.writes.filter((write) => overtaken.has(nameOf(write)));
    if (writes.length === 0) return "spent";
    // One that compares will find that the place has been noted. One that does not would write an old state over a newer one.
    return writes.some(({ expect }) => expect !== undefined) ? "kept" : "lost";
  }

  async function spend(entries: readonly OutboxEntry[], overtaken: ReadonlySet<string>, context: CallContext) {
    const kinds = new Map(entries.map((entry) => [entry, kindOf(entry, overtaken)]));
    const spent = entries.filter((entry) => kinds.get(entry) === "spent");
    const ids = spent.flatMap(({ operation, refused }) => (operation && !refused ? [operation.id] : []));
    const { value } = await onRemote(async (port, ctx) => {
      const empty = ids.map((id) => ({ id, writes: [] }));
      if (empty.length > 0) await port.commitAll(empty, ctx);
      return true;
    }, context);
    if (!value) return "away" as const;
    const open = entries.filter((entry) => entry.refused || kinds.get(entry) !== "spent");
    const places = open.flatMap(({ operation }) => placesOf(operation?.writes ?? []));
    await outbox.remove(
      spent.map(({ key }) => key),
      context,
      mends.notes(places),
    );
    mends.noted(places);
    for (const entry of entries) {
      if (kinds.get(entry) === "lost") await conflicts.bury(entry, OVERTAKEN, context);
      if (kinds.get(entry) === "kept") behind = entry.key;
    }
    return "more" as const;
  }

  return {
    begin() {
      behind = undefined;
    },
    async next(context) {
      if (outbox.unsettled) await outbox.remove([], context);
      const entries = await outbox.page(ENTRIES_AT_ONCE, context, behind);
      if (entries.length === 0) return "empty";
      const places: readonly Place[] = placesOf(entries.flatMap(({ operation }) => operation?.writes ?? []));
      const { value } = await onRemote(async (port, ctx): Promise<readonly Pair[] | "busy"> => {
        const pairs = await compare({ local, port }, places, ctx);
        return (await copyNewer(port, pairs, newId(), ctx)) ? pairs : "busy";
      }, context);
      if (!value) return "away";
      // Somebody wrote at the same time: the next round looks again.
      if (value === "busy") return "more";
      const overtaken = new Set(value.filter(isOvertaken).map(({ place }) => nameOf(place)));
      return spend(entries, overtaken, context);
    },
  };
}
