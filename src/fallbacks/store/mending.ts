import type { CallContext } from "../core/context.ts";
import type { Served } from "../core/layer.ts";
import { copyOf, expectOf, isSame, lookAll, NOTHING, nameOf } from "./operations.ts";
import type { Place, Seen, Store, Write } from "./port.ts";
import type { OnRemote } from "./remote-link.ts";
import { LOST, type ReplicaMark } from "./replica-mark.ts";

export interface MendOptions {
  /**
   * What was built on a local version that the remote store never had must not fit another one of the same number: the
   * remote record gets a version that is higher than both. Not needed where nobody has read the local record.
   */
  readonly raise: boolean;
  /** Written to the local store in the same transaction. */
  readonly also?: readonly Write[];
}

/** Makes local records equal to the remote ones, graves and versions included. */
export interface Mending {
  /** False: the remote store is away, or changes too fast, and nothing was done. @throws {LayerError} as the local store. */
  mend(places: readonly Place[], options: MendOptions, context: CallContext): Promise<Served<boolean>>;
}

/** Times that another instance may be faster. */
const MOST_TRIES = 3;

export function createMending(options: {
  readonly local: Store;
  readonly mark: ReplicaMark;
  readonly onRemote: OnRemote;
  readonly newId: () => string;
}): Mending {
  const { local, mark, onRemote, newId } = options;

  async function fromRemote(
    port: Store,
    places: readonly Place[],
    { raise }: MendOptions,
    { here, context }: { readonly here: ReadonlyMap<string, Seen>; readonly context: CallContext },
  ): Promise<ReadonlyMap<string, Seen> | typeof LOST | "busy"> {
    for (let tried = 0; tried < MOST_TRIES; tried += 1) {
      const there = await mark.read(port, () => lookAll(port, places, context), context);
      if (there === LOST) return LOST;
      const raised = new Map<string, Seen>();
      const writes = places.flatMap((place): readonly Write[] => {
        const name = nameOf(place);
        const [own, other] = [here.get(name) ?? NOTHING, there.get(name) ?? NOTHING];
        if (!isToRaise(own, other, raise)) return [];
        const higher = { version: own.version + 1, value: other.value };
        raised.set(name, higher);
        return [{ ...copyOf(place, higher), expect: expectOf(other) }];
      });
      if (writes.length === 0) return there;
      const sent = await mark.commitAll(port, [{ id: newId(), writes }], { chained: false }, context);
      if (sent === LOST) return LOST;
      if (sent[0]?.status === "applied") return new Map([...there, ...raised]);
    }
    return "busy";
  }

  return {
    async mend(places, how, context) {
      const here = await lookAll(local, places, context);
      const served = await onRemote((port, ctx) => fromRemote(port, places, how, { here, context: ctx }), context);
      const there = served.value;
      if (!there || there === "busy") return { ...served, value: false };
      const writes = places.flatMap((place): readonly Write[] => {
        const [own, other] = [here.get(nameOf(place)) ?? NOTHING, there.get(nameOf(place)) ?? NOTHING];
        return isSame(own, other) ? [] : [copyOf(place, other)];
      });
      const all = [...writes, ...(how.also ?? [])];
      if (all.length > 0) await local.commit({ id: newId(), writes: all }, context);
      return { ...served, value: true };
    },
  };
}

function isToRaise(own: Seen, other: Seen, raise: boolean): boolean {
  if (isSame(own, other)) return false;
  // Of what never was there is no copy: both get a grave, so that their versions go on together.
  return other.version <= own.version && (raise || other.version === 0);
}
