import type { CallContext } from "../core/context.ts";
import { LayerError } from "../core/errors.ts";
import type { Served } from "../core/layer.ts";
import type { Member } from "./batcher.ts";
import { copyOf, lookAll, NOTHING, nameOf, placesOf } from "./operations.ts";
import type { Saved } from "./outbox.ts";
import type { Committed, Place, Store, Write } from "./port.ts";
import type { OnRemote } from "./remote-link.ts";
import type { ReplicaMark } from "./replica-mark.ts";

/** Saves a batch in the local store alone: the remote one gets it in the replay. */
export type Behind = (members: readonly Member[], context: CallContext) => Promise<void>;

export function createBehind(options: {
  readonly local: Store;
  readonly mark: ReplicaMark;
  readonly onRemote: OnRemote;
  readonly newId: () => string;
  readonly save: (members: readonly Member[], context: CallContext) => Promise<readonly Saved[]>;
  /** The remote store is there, and has the newest of this place: reads were answered by it. */
  readonly isRemote: (place: Place) => boolean;
  readonly byLocal: () => Omit<Served<Committed>, "value">;
}): Behind {
  const { local, mark, onRemote, newId, save, isRemote, byLocal } = options;

  /** Takes over what is newer there. Whether anything was. */
  async function pull(places: readonly Place[], context: CallContext): Promise<boolean> {
    const { value: there } = await onRemote(
      (port, ctx) => mark.read(port, () => lookAll(port, places, ctx), ctx),
      context,
    );
    if (!there) return false;
    const here = await lookAll(local, places, context);
    const writes = places.flatMap((place): readonly Write[] => {
      const other = there.get(nameOf(place)) ?? NOTHING;
      return other.version > (here.get(nameOf(place)) ?? NOTHING).version ? [copyOf(place, other)] : [];
    });
    if (writes.length > 0) await local.commit({ id: newId(), writes }, context);
    return writes.length > 0;
  }

  /** Of those that conflicted: what they compared with may have been read from the remote store. */
  async function tryAgain(members: readonly Member[], context: CallContext): Promise<readonly Saved[] | undefined> {
    const compared = members.flatMap(({ operation }) => operation.writes.filter(({ expect }) => expect !== undefined));
    const places = placesOf(compared).filter(isRemote);
    if (places.length === 0) return undefined;
    const pulled = await pull(places, context).catch(() => false);
    return pulled ? save(members, context) : undefined;
  }

  function answer(members: readonly Member[], saved: readonly Saved[]): void {
    const by = byLocal();
    for (const [index, member] of members.entries()) {
      const outcome = saved[index]?.outcome;
      if (outcome?.status === "applied" || outcome?.status === "conflict") member.resolve({ ...by, value: outcome });
      else member.reject(outcome?.error ?? new LayerError("server", "the local store gave no outcome"));
    }
  }

  return async (members, context) => {
    const saved = await save(members, context);
    const isStale = (_: unknown, index: number) => saved[index]?.outcome.status === "conflict";
    const stale = members.filter(isStale);
    answer(
      members.filter((member, index) => !isStale(member, index)),
      saved.filter((each, index) => !isStale(each, index)),
    );
    if (stale.length > 0) answer(stale, (await tryAgain(stale, context)) ?? saved.filter(isStale));
  };
}
