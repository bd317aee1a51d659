import { z } from "zod";
import type { Clock } from "../core/clock.ts";
import type { CallContext } from "../core/context.ts";
import { type Committed, collections, type Operation, type Store, type Write } from "./port.ts";

/** What a call gives instead of an answer by a remote store that has lost what it had acknowledged. */
export const LOST = Symbol("lost");

/** Record of the local store: it was the only one once, so it has what no remote store was told of. */
export const alone: Write = { kind: "put", collection: "replicas", key: "!alone", value: null };

/**
 * How far the remote store has come, as it tells itself. Every operation that this journal sends also writes the number of
 * its outbox entry as the version of one record in `replicas`, in the same transaction; the journal remembers the
 * last number that was acknowledged. A remote store with a smaller one has been emptied, put back to an old copy, or
 * replaced by a replica that was behind.
 */
export interface ReplicaMark {
  /** Reads what an earlier process left. Call once, first. */
  load(context: CallContext): Promise<void>;
  /** Key of the record: an id of this journal. */
  readonly name: string;
  /** The last number that the remote store has acknowledged; 0 for none. */
  readonly sent: number;
  /** The local store was filled while there was no remote one, which therefore lacks some of it. */
  readonly unsent: boolean;
  /** For the local store, to be saved with each operation: it shows from the first one on that the outbox has them all. */
  birth(): readonly Write[];
  /** For the local store, to be saved with what shows that the remote one has this number. Then call `acknowledged`. */
  record(number: number): Write;
  acknowledged(number: number): void;
  /** Sends an operation under its number, which must be greater than `sent`. */
  commit(port: Store, operation: Operation, number: number, context: CallContext): Promise<Committed | typeof LOST>;
  /** Makes sure that what `call` reads was not read from a store that has lost data. */
  read<T>(port: Store, call: () => Promise<T>, context: CallContext): Promise<T | typeof LOST>;
  /** The write that makes the remote store whole under this number; `restored` when it has been done. */
  restoring(number: number): Write;
  restored(number: number): void;
  /** For the local store, to be saved between the two. */
  restorations(number: number): readonly Write[];
}

const recordSchema = z.object({ sent: z.number() });

export function createReplicaMark(options: {
  readonly local: Store;
  readonly clock: Clock;
  readonly newId: () => string;
}): ReplicaMark {
  const { local, clock, newId } = options;
  let name = newId();
  let sent = 0;
  let unsent = false;
  /** The local record is there, or on its way before anything that is saved from now on. */
  let born = false;
  let calls = 0;
  /** Version of the record in the remote store; undefined when it must be asked. */
  let known: number | undefined;

  const markOf = (number: number) => ({
    kind: "put" as const,
    collection: "replicas" as const,
    key: name,
    value: { at: clock.wall().toISOString() },
    version: Math.max(1, number),
  });

  /** With the version that the remote record has: a stand-in may show the local store itself as the remote one. */
  const recordOf = (number: number): Write => ({ ...markOf(number), value: { sent: number } });

  async function versionIn(port: Store, context: CallContext): Promise<number> {
    return (await port.get("replicas", name, context))?.version ?? 0;
  }

  /**
   * An operation whose id another instance has used was applied before, and then its writes, the mark among them, were
   * not done: the mark is written by itself. False: the remote store has lost data.
   */
  async function writeMark(port: Store, number: number, least: number, context: CallContext): Promise<boolean> {
    const there = await versionIn(port, context);
    if (there >= number || there < least) return there >= number;
    const writes: readonly Write[] = [{ ...markOf(number), expect: there }];
    const { status } = await port.commit({ id: newId(), writes }, context);
    // An earlier attempt of ours may have arrived in between.
    return status === "applied" || (await versionIn(port, context)) >= number;
  }

  async function hasRecords(context: CallContext): Promise<boolean> {
    for (const collection of collections) {
      if ((await local.list({ collection, limit: 1 }, context)).length > 0) return true;
    }
    return false;
  }

  return {
    get name() {
      return name;
    },
    get sent() {
      return sent;
    },
    get unsent() {
      return unsent;
    },
    async load(context) {
      const found = await local.list({ collection: "replicas", limit: 2 }, context);
      const own = found.find(({ key }) => key !== alone.key);
      const parsed = recordSchema.safeParse(own?.value);
      if (own) name = own.key;
      if (parsed.success) sent = parsed.data.sent;
      born = parsed.success;
      unsent = found.some(({ key }) => key === alone.key) || (!parsed.success && (await hasRecords(context)));
    },
    birth: () => (born || unsent ? [] : [recordOf(0)]),
    record(number) {
      born = true;
      return recordOf(number);
    },
    acknowledged(number) {
      sent = Math.max(sent, number);
    },
    async commit(port, operation, number, context) {
      // Unknown until this one has ended: without an answer it may have been applied, or not.
      const before = known ?? (await versionIn(port, context));
      known = undefined;
      calls += 1;
      const call = calls;
      if (unsent || before < sent) return LOST;
      const mark: Write = { ...markOf(number), expect: before };
      // The look at the mark is on its way behind the operation, so it costs no time.
      const [committed, seen] = await Promise.all([
        port.commit({ id: operation.id, writes: [mark, ...operation.writes] }, context),
        versionIn(port, context),
      ]);
      if (committed.status === "conflict" && committed.key === name) return LOST;
      const applied = committed.status === "applied";
      if (applied && seen < number && !(await writeMark(port, number, before, context))) return LOST;
      // Nobody may wait for this answer any more, and others have been sent since: then it is old.
      if (call !== calls) return committed;
      known = applied ? Math.max(before, number) : before;
      return committed;
    },
    async read(port, call, context) {
      const least = sent;
      if (unsent) return LOST;
      if (least === 0) return call();
      const [value, version] = await Promise.all([call(), versionIn(port, context)]);
      return version < least ? LOST : value;
    },
    restoring: markOf,
    restorations: (number) => [recordOf(number), { kind: "delete", collection: alone.collection, key: alone.key }],
    restored(number) {
      calls += 1;
      born = true;
      known = number;
      sent = number;
      unsent = false;
    },
  };
}
