import type { Clock } from "../core/clock.ts";
import { type CallContext, createContext } from "../core/context.ts";
import { asLayerError } from "../core/errors.ts";
import type { StoreAccess } from "./access.ts";
import { copyOf, expectOf } from "./operations.ts";
import type { Place, Seen, Store, Write } from "./port.ts";

/** In ms. */
const STEP_MS = 10_000;
/** Times that this process itself may be faster. */
const MOST_TRIES = 3;

/** `takeOver` of a store access, over what it is made of. */
export function createTakeOverCopy(options: {
  /** Knows whether the shared store has all that this process has saved, and has lost nothing of it. */
  readonly access: Pick<StoreAccess, "get" | "status">;
  readonly local: Store;
  readonly remote: Store;
  readonly clock: Clock;
  readonly newId: () => string;
}): NonNullable<StoreAccess["takeOver"]> {
  const { access, local, remote, clock, newId } = options;

  /** Undefined: it cannot be told now. The answer of the access comes with a look at the mark: one that was emptied is found out. */
  async function seenThere(
    first: Place,
    places: readonly Place[],
    context: CallContext,
  ): Promise<readonly Seen[] | undefined> {
    const { by, degraded } = await access.get(first.collection, first.key, context);
    if (by !== remote.name || degraded || access.status().state !== "ok") return undefined;
    try {
      return await remote.look(places, context);
    } catch (thrown) {
      // The access notices by itself that it is away.
      const error = asLayerError(thrown);
      if (error.errorClass === "aborted") throw error;
      return undefined;
    }
  }

  return async (places, outer) => {
    const [first] = places;
    if (!first) return;
    const deadlineMs = Math.min(STEP_MS, outer.deadline.remaining());
    const { requestId, signal } = outer;
    const context = createContext({ clock, requestId, deadlineMs, signal });
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const here = await local.look(places, context);
      if (!here.some(({ version }) => version > 0)) return;
      const there = await seenThere(first, places, context);
      if (!there) return;
      const writes = places.flatMap((place, at): readonly Write[] => {
        const [own, other] = [here[at], there[at]];
        if (!own || !other || other.version <= own.version) return [];
        return [{ ...copyOf(place, other), expect: expectOf(own) }];
      });
      if (writes.length === 0) return;
      const { status } = await local.commit({ id: newId(), writes }, context);
      // Else it was written here meanwhile, and does not fit.
      if (status === "applied") return;
    }
  };
}
