import type { Clock } from "../core/clock.ts";
import type { CallContext } from "../core/context.ts";
import { isSame, nameOf, placesOf } from "./operations.ts";
import type { Outbox } from "./outbox.ts";
import { savedAt } from "./outbox-entry.ts";
import type { Operation, Store } from "./port.ts";
import type { OnRemote } from "./remote-link.ts";
import type { ReplicaMark } from "./replica-mark.ts";
import { compare, isOvertaken, type Pair } from "./resync-pairs.ts";

/**
 * Entries that the remote store may have had, and whose ids it may have forgotten since: sent again as they are, they would write an
 * old state over a newer one, or bring back what was deleted.
 */
export interface Doubt {
  /** The remote store was in step until now: what was under way may have reached it. */
  begin(): void;
  /** Finds out which entries these are. False: the remote store is away. Call before `has`. */
  settle(context: CallContext): Promise<boolean>;
  has(key: string): boolean;
  /** `fits`: send it. `spent`: the remote store has all of it. `overtaken`: it went on, or deleted it. */
  look(operation: Operation, context: CallContext): Promise<"fits" | "spent" | "overtaken" | "away">;
}

/** Ids are known for longer than this. */
const KNOWN_MS = 10 * 60_000;
/** Of the oldest entries: more are not under way at once. */
const MOST = 1_000;

export function createDoubt(options: {
  readonly local: Store;
  readonly outbox: Pick<Outbox, "page">;
  readonly mark: Pick<ReplicaMark, "read" | "isAhead">;
  readonly onRemote: OnRemote;
  readonly clock: Pick<Clock, "wall">;
}): Doubt {
  const { local, outbox, mark, onRemote, clock } = options;
  let settled = false;
  /** Key of the last entry that is in doubt. */
  let last = "";

  function overtakes({ there, here, place }: Pair, { writes }: Operation): boolean {
    return writes.some((write) => {
      if (nameOf(write) !== nameOf(place)) return false;
      // Any other comparison fails by itself.
      if (write.expect === 0) return there.value === undefined && there.version > 0;
      return write.expect === undefined && isOvertaken({ place, here, there });
    });
  }

  return {
    begin() {
      settled = false;
      last = "";
    },
    async settle(context) {
      if (settled) return true;
      const [oldest] = await outbox.page(1, context);
      const at = oldest && savedAt(oldest.raw);
      if (oldest && at !== undefined && clock.wall().getTime() - at > KNOWN_MS) {
        const { value: ahead } = await onRemote((port, ctx) => mark.isAhead(port, ctx), context);
        if (ahead === undefined) return false;
        if (ahead) last = String(Number(oldest.key) + MOST - 1).padStart(oldest.key.length, "0");
      }
      settled = true;
      return true;
    },
    has: (key) => key <= last,
    async look(operation, context) {
      const places = placesOf(operation.writes);
      const { value: pairs } = await onRemote(
        (port, ctx) => mark.read(port, () => compare({ local, port }, places, ctx), ctx),
        context,
      );
      if (!pairs) return "away";
      if (pairs.every(({ here, there }) => isSame(here, there))) return "spent";
      return pairs.some((pair) => overtakes(pair, operation)) ? "overtaken" : "fits";
    },
  };
}
