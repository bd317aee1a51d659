import type { Clock } from "../core/clock.ts";
import type { CallContext } from "../core/context.ts";
import type { ConflictReplay } from "./conflict-replay.ts";
import { eachGrave, eachRecord } from "./each-record.ts";
import type { Mends } from "./mends.ts";
import type { Mutex } from "./mutex.ts";
import { countWithin, sizeOf } from "./operations.ts";
import type { Outbox } from "./outbox.ts";
import { draftOf } from "./outbox-entry.ts";
import { collections, DEAD, ownCollections, type Place, type Store, type Write } from "./port.ts";
import type { OnRemote } from "./remote-link.ts";
import type { ReplicaMark } from "./replica-mark.ts";
import { compare, copyNewer, isOvertaken, type Pair } from "./resync-pairs.ts";
import { createSettlement } from "./resync-settlement.ts";

/**
 * Gives a remote store that has lost data what the local one has. Of two records, or graves, the one with the higher version
 * stays. Of two that have the same version and are not the same, the local one becomes an operation in the outbox, to be united
 * with the other or buried. What waits in the outbox is part of the local records already, so it is settled here and not sent.
 */
export interface Resync {
  readonly needed: boolean;
  /** The remote store has lost data: nothing may be read from it or sent to it until `run` is done. */
  require(): void;
  /** What is left to compare in the run that is under way. */
  left(): { readonly operations: number; readonly bytes: number };
  /** From the start, and as often as it takes: nothing of an unfinished run counts. Each step has a new context. */
  run(context: () => CallContext): Promise<"done" | "away">;
}

interface Sized extends Place {
  readonly bytes: number;
}

const PLACES_AT_ONCE = 500;
const BYTES_AT_ONCE = 512 * 1024;
const GRAVE_BYTES = 64;

export function createResync(options: {
  readonly local: Store;
  readonly outbox: Outbox;
  readonly mark: ReplicaMark;
  readonly mends: Mends;
  readonly conflicts: Pick<ConflictReplay, "bury">;
  readonly onRemote: OnRemote;
  readonly mutex: Mutex;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly signal: AbortSignal;
}): Resync {
  const { local, outbox, mark, mends, conflicts, onRemote, mutex, clock, newId, signal } = options;
  const settlement = createSettlement({ local, outbox, mends, conflicts, onRemote, newId });
  let needed = false;
  let left: Sized[] = [];
  /** How many of them have been compared. */
  let done = 0;
  let bytesLeft = 0;
  let atOnce = PLACES_AT_ONCE;
  /** Both stores had these in the same version, and not the same; or the remote one went on without what it has lost. */
  let doubtful: Sized[] = [];
  /** Version of the witness when it was written last. */
  let witnessed = 0;

  async function scan(context: CallContext): Promise<Sized[]> {
    const found: Sized[] = [];
    for (const collection of collections) {
      if (ownCollections.has(collection)) continue;
      await eachRecord(local, { collection, prefix: "" }, context, ({ key, value }) => {
        if (collection === "meta" && key.startsWith(DEAD)) return;
        found.push({ collection, key, bytes: sizeOf(value) });
      });
      await eachGrave(local, collection, context, ({ key }) => {
        if (collection === "meta" && key.startsWith(DEAD)) return;
        found.push({ collection, key, bytes: GRAVE_BYTES });
      });
    }
    return found;
  }

  function isDoubtful({ place, here, there }: Pair): boolean {
    return there.version === here.version || mark.hasLost(place);
  }

  /** What was acknowledged here, and overwritten by another instance in a store that did not have it, is looked at once more. */
  async function adoptDoubtful(context: CallContext): Promise<"done" | "away"> {
    const left = doubtful.filter((place) => !mends.has(place));
    for (let done = 0; done < left.length; ) {
      const places = firstOf(left, done);
      const { value: pairs } = await onRemote((port, ctx) => compare({ local, port }, places, ctx), context);
      if (!pairs) return "away";
      const drafts = pairs.filter(isOvertaken).map(({ place, here }) => {
        // It fits nothing as it is, so that it is united with what is there, or buried.
        const expect = here.version - 1;
        const { value } = here;
        const write: Write =
          value === undefined ? { kind: "delete", ...place, expect } : { kind: "put", ...place, value, expect };
        return draftOf({ id: newId(), writes: [write] }, clock.wall());
      });
      await outbox.adopt(drafts, context, mends.notes(places));
      mends.noted(places);
      done += places.length;
    }
    return "done";
  }

  /**
   * Written anew behind whatever is copied: a store that is emptied again while it is being filled, or is put back to a copy of
   * itself from then, has it in an older version or not at all, and then the run does not count.
   */
  const witness = () => ({ collection: "replicas", key: `${mark.name}/filling` }) as const;

  async function begin(context: CallContext): Promise<"done" | "away"> {
    const { value } = await onRemote(async (port, ctx) => {
      const { collection, key } = witness();
      await port.commit({ id: newId(), writes: [{ kind: "put", collection, key, value: null }] }, ctx);
      return port.get(collection, key, ctx);
    }, context);
    witnessed = value?.version ?? 0;
    return value ? "done" : "away";
  }

  /** False: what was copied before is not there any more. */
  async function bearWitness(port: Store, context: CallContext): Promise<boolean> {
    const writes: readonly Write[] = [{ kind: "put", ...witness(), value: null, expect: witnessed }];
    const { status } = await port.commit({ id: newId(), writes }, context);
    if (status === "applied") witnessed += 1;
    return status === "applied";
  }

  /** As many as are one step: more of them when they are small and nobody writes to them at the same time. */
  function firstOf(all: readonly Sized[], from: number): readonly Place[] {
    const some = all.slice(from, from + atOnce);
    const sizes = some.map(({ bytes }) => bytes);
    return some.slice(0, countWithin(sizes, BYTES_AT_ONCE)).map(({ collection, key }) => ({ collection, key }));
  }

  async function copyAll(context: () => CallContext): Promise<"done" | "away"> {
    left = await scan(context());
    bytesLeft = left.reduce((sum, { bytes }) => sum + bytes, 0);
    done = 0;
    doubtful = [];
    while (done < left.length) {
      if (signal.aborted) return "away";
      const some = firstOf(left, done);
      const { value } = await onRemote(async (port, ctx) => {
        const pairs = await compare({ local, port }, some, ctx);
        const copied = await copyNewer(port, pairs, newId(), ctx);
        return { pairs, copied, whole: await bearWitness(port, ctx) };
      }, context());
      if (!value?.whole) return "away";
      atOnce = value.copied ? PLACES_AT_ONCE : Math.max(1, Math.floor(atOnce / 4));
      if (!value.copied) continue;
      for (const [index, pair] of value.pairs.entries()) {
        const sized = left[done + index];
        if (sized && isOvertaken(pair) && isDoubtful(pair)) doubtful.push(sized);
        bytesLeft -= sized?.bytes ?? 0;
      }
      done += some.length;
    }
    return "done";
  }

  /** Nobody may save in the meantime: the mutex is held. */
  async function finish(context: CallContext): Promise<"done" | "away"> {
    if ((await adoptDoubtful(context)) === "away") return "away";
    const { number, write } = mark.restoring();
    const writes: readonly Write[] = [
      { kind: "put", ...witness(), value: null, expect: witnessed },
      { kind: "delete", ...witness() },
      write,
    ];
    const { value } = await onRemote((port, ctx) => port.commit({ id: newId(), writes }, ctx), context);
    if (value?.status !== "applied") return "away";
    await local.commit({ id: newId(), writes: mark.restorations(number) }, context);
    mark.restored(number);
    needed = false;
    left = [];
    done = 0;
    return "done";
  }

  return {
    get needed() {
      return needed;
    },
    require() {
      needed = true;
    },
    left: () => ({ operations: left.length - done, bytes: bytesLeft }),
    async run(context) {
      if ((await begin(context())) === "away" || (await copyAll(context)) === "away") return "away";
      settlement.begin();
      for (;;) {
        if (signal.aborted) return "away";
        const step = context();
        // Those who save wait for one step at most.
        const outcome = await mutex.run(step, async () => {
          const settled = await settlement.next(step);
          if (settled === "away") return settled;
          if (settled === "empty") return finish(step);
          return (await onRemote(bearWitness, step)).value ? settled : "away";
        });
        if (outcome !== "more") return outcome;
      }
    },
  };
}
