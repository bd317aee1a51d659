import type { CallContext } from "../core/context.ts";
import type { Mutex } from "./mutex.ts";
import { DEAD, eachRecord, type Outbox, type OutboxEntry, sizeOf } from "./outbox.ts";
import { type Collection, collections, type Store, type StoredRecord, type Write } from "./port.ts";
import { nameOf, type OnRemote, type Place, placesOf } from "./replay.ts";
import type { ReplicaMark } from "./replica-mark.ts";

/**
 * Gives a remote store that has lost data what the local one has. Of two records the one with the higher version stays. What
 * waits in the outbox is part of the local records already, so it is settled here and not sent.
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

interface Pair {
  readonly place: Place;
  readonly here: StoredRecord | undefined;
  readonly there: StoredRecord | undefined;
}

const PLACES_AT_ONCE = 100;
const BYTES_AT_ONCE = 256 * 1024;
/** Collections that belong to one store alone. */
const own: ReadonlySet<Collection> = new Set<Collection>(["outbox", "replicas"]);

export function createResync(options: {
  readonly local: Store;
  readonly outbox: Outbox;
  readonly mark: ReplicaMark;
  readonly onRemote: OnRemote;
  readonly mutex: Mutex;
  readonly newId: () => string;
  readonly signal: AbortSignal;
}): Resync {
  const { local, outbox, mark, onRemote, mutex, newId, signal } = options;
  let needed = false;
  let left: Sized[] = [];

  async function scan(context: CallContext): Promise<Sized[]> {
    const found: Sized[] = [];
    for (const collection of collections) {
      if (own.has(collection)) continue;
      await eachRecord(local, collection, "", context, ({ key, value }) => {
        if (collection === "meta" && key.startsWith(DEAD)) return;
        found.push({ collection, key, bytes: sizeOf(value) });
      });
    }
    return found;
  }

  function compare(port: Store, places: readonly Place[], context: CallContext): Promise<readonly Pair[]> {
    return Promise.all(
      places.map(async (place) => {
        const { collection, key } = place;
        const there = await port.get(collection, key, context);
        return { place, here: await local.get(collection, key, context), there };
      }),
    );
  }

  /** Copies what is newer here. `false`: somebody wrote at the same time, so it must be looked at again. */
  async function copy(port: Store, pairs: readonly Pair[], also: readonly Write[], context: CallContext) {
    const newer = pairs.flatMap(({ place, here, there }): readonly Write[] => {
      const expect = there?.version ?? 0;
      if (!here || here.version <= expect) return [];
      return [{ kind: "put", ...place, value: here.value, version: here.version, expect }];
    });
    if (newer.length + also.length === 0) return true;
    const { status } = await port.commit({ id: newId(), writes: [...newer, ...also] }, context);
    return status === "applied";
  }

  /** Entries that wait, the oldest first, with all that they have done. `false` when there are none. */
  async function settle(context: CallContext): Promise<boolean | "away"> {
    const page = await outbox.page(context);
    const entries = page.slice(0, countWithin(page.map(({ raw }) => sizeOf(raw))));
    if (entries.length === 0) return false;
    const writes = entries.flatMap((entry) => entry.operation?.writes ?? []);
    const lastKinds = new Map(writes.map((write) => [nameOf(write), write.kind]));
    const { value: pairs } = await onRemote(async (port, ctx) => {
      const compared = await compare(port, placesOf(writes), ctx);
      const deletions = compared.flatMap(({ place, here, there }): readonly Write[] =>
        !here && there && lastKinds.get(nameOf(place)) === "delete" ? [{ kind: "delete", ...place }] : [],
      );
      if (!(await copy(port, compared, deletions, ctx))) return [];
      return compared;
    }, context);
    if (!pairs) return "away";
    // Nothing compared: somebody wrote at the same time. The next round looks again.
    if (pairs.length === 0 && writes.length > 0) return true;
    return spend(entries, pairs.filter(isOvertaken), context);
  }

  /** Takes entries out; those that another instance has overtaken are kept for a person to look at. */
  async function spend(
    entries: readonly OutboxEntry[],
    overtaken: readonly Pair[],
    context: CallContext,
  ): Promise<true | "away"> {
    const lost = new Set(overtaken.map(({ place }) => nameOf(place)));
    const isLost = ({ operation }: OutboxEntry) => operation?.writes.some((write) => lost.has(nameOf(write))) ?? false;
    const kept = entries.filter((entry) => entry.operation && !isLost(entry));
    const { value } = await onRemote(async (port, ctx) => {
      const ids = kept.flatMap(({ operation, refused }) => (operation && !refused ? [operation.id] : []));
      await Promise.all(ids.map((id) => port.commit({ id, writes: [] }, ctx)));
      return true;
    }, context);
    if (!value) return "away";
    for (const entry of entries) {
      if (!entry.operation) await outbox.bury(entry, "unreadable", context);
      else if (isLost(entry)) await outbox.bury(entry, "overtaken while the remote store had lost data", context);
    }
    const mended = overtaken.flatMap(({ place, there }): readonly Write[] =>
      there ? [{ kind: "put", ...place, value: there.value, version: there.version }] : [],
    );
    await outbox.remove(
      kept.map(({ key }) => key),
      context,
      mended,
    );
    return true;
  }

  /** A store that is emptied again while it is being filled loses this record too, and then the run does not count. */
  const witness = () => ({ collection: "replicas", key: `${mark.name}/filling` }) as const;

  async function begin(context: CallContext): Promise<number | undefined> {
    const { value } = await onRemote(async (port, ctx) => {
      const { collection, key } = witness();
      await port.commit({ id: newId(), writes: [{ kind: "put", collection, key, value: null }] }, ctx);
      return port.get(collection, key, ctx);
    }, context);
    return value?.version;
  }

  async function copyAll(context: () => CallContext): Promise<"done" | "away"> {
    left = await scan(context());
    while (left.length > 0) {
      if (signal.aborted) return "away";
      const sizes = left.slice(0, PLACES_AT_ONCE).map(({ bytes }) => bytes);
      const some = left.slice(0, countWithin(sizes)).map(({ collection, key }) => ({ collection, key }));
      const { value } = await onRemote(
        async (port, ctx) => copy(port, await compare(port, some, ctx), [], ctx),
        context(),
      );
      if (value === undefined) return "away";
      if (value) left = left.slice(some.length);
    }
    return "done";
  }

  /** Nobody may save in the meantime: the mutex is held. */
  async function finish(started: number, context: CallContext): Promise<"done" | "away"> {
    const number = outbox.nextNumber();
    const writes: readonly Write[] = [
      { kind: "put", ...witness(), value: null, expect: started },
      { kind: "delete", ...witness() },
      mark.restoring(number),
    ];
    const { value } = await onRemote((port, ctx) => port.commit({ id: newId(), writes }, ctx), context);
    if (value?.status !== "applied") return "away";
    await local.commit({ id: newId(), writes: mark.restorations(number) }, context);
    mark.restored(number);
    needed = false;
    return "done";
  }

  return {
    get needed() {
      return needed;
    },
    require() {
      needed = true;
    },
    left: () => ({ operations: left.length, bytes: left.reduce((sum, { bytes }) => sum + bytes, 0) }),
    async run(context) {
      const started = await begin(context());
      if (started === undefined || (await copyAll(context)) === "away") return "away";
      for (;;) {
        if (signal.aborted) return "away";
        const step = context();
        // Those who save wait for one step at most.
        const outcome = await mutex.run(step, async () => (await settle(step)) || finish(started, step));
        if (outcome !== true) return outcome;
      }
    },
  };
}

/** How many of these fit into one step, at least one if there are any. */
function countWithin(sizes: readonly number[]): number {
  let sum = 0;
  const over = sizes.findIndex((bytes, index) => {
    sum += bytes;
    return index > 0 && sum > BYTES_AT_ONCE;
  });
  return over === -1 ? sizes.length : over;
}

/** The remote record is as new as the local one, and another one. */
function isOvertaken({ here, there }: Pair): boolean {
  if (!here || !there || there.version < here.version) return false;
  return there.version > here.version || JSON.stringify(there.value) !== JSON.stringify(here.value);
}
