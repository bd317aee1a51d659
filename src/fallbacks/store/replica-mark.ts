import { z } from "zod";
import type { Clock } from "../core/clock.ts";
import type { CallContext } from "../core/context.ts";
import { LayerError } from "../core/errors.ts";
import { collections, type Operation, type Outcome, type Place, type Store, type Write } from "./port.ts";
import { createRecentPlaces } from "./recent-places.ts";

/** What a call gives instead of an answer by a remote store that has lost what it had acknowledged. */
export const LOST = Symbol("lost");

/** Record of the local store: it was the only one once, so it has what no remote store was told of. */
export const alone: Write = { kind: "put", collection: "replicas", key: "!alone", value: null };

/** Of each operation in its place. Undefined: it was not sent, as one before it in a chain was not applied. */
export type Sent = readonly (Outcome | undefined)[];

export interface Sending {
  /** Nothing behind an operation that is not applied is sent: for operations that may build on one another. */
  readonly chained: boolean;
  /** Sent right behind the operations, so that it costs no time. */
  readonly behind?: () => Promise<unknown>;
}

/**
 * How far the remote store has come, as it tells itself. It keeps one record for this journal, in `replicas`, whose
 * version is the mark. Every operation checks, in its own transaction, that the mark is where this journal has left it,
 * and what ends a batch moves the mark on; the journal remembers the last mark that was acknowledged. A remote store with
 * a smaller one has been emptied, put back to an old copy, or replaced by a replica that was behind.
 *
 * No number is used twice, so the mark is a fence too: a batch without an answer, which a frozen server may still have in
 * its hands, is applied before what was sent later, or not at all.
 */
export interface ReplicaMark {
  /** Reads what an earlier process left. Call once, first. */
  load(context: CallContext): Promise<void>;
  /** Key of the record: an id of this journal. */
  readonly name: string;
  /** The last mark that the remote store has acknowledged; 0 for none. */
  readonly sent: number;
  /** The local store was filled while there was no remote one, which therefore lacks some of it. */
  readonly unsent: boolean;
  /** For the local store, to be saved with each operation: it shows from the first one on that the outbox has them all. */
  birth(): readonly Write[];
  /** For the local store, to be saved with the removal of what was acknowledged up to now. */
  record(): readonly Write[];
  /** Sends operations under one mark. What an earlier call has not ended yet is given up. */
  commitAll(
    port: Store,
    operations: readonly Operation[],
    sending: Sending,
    context: CallContext,
  ): Promise<Sent | typeof LOST>;
  /** Makes sure that what `call` reads was not read from a store that has lost data. */
  read<T>(port: Store, call: () => Promise<T>, context: CallContext): Promise<T | typeof LOST>;
  /** Whether something of this journal was applied there that was never acknowledged, or not noted here before a new start. */
  isAhead(port: Store, context: CallContext): Promise<boolean | typeof LOST>;
  /**
   * Whether a remote store that has lost data has lost a compared write of this process to this place: what is there now was not
   * built on it. Known of what this process has sent itself.
   */
  hasLost(place: Place): boolean;
  /** A new mark, and the write that makes the remote store whole under it; `restored` when it has been done. */
  restoring(): { readonly number: number; readonly write: Write };
  restored(number: number): void;
  /** For the local store, to be saved between the two. */
  restorations(number: number): readonly Write[];
}

const recordSchema = z.object({ sent: z.number() });

/** Numbers left out at each start: some that an earlier process has used may not be known here. */
const LEAP = 2 ** 20;
/** Times that a batch may find the mark moved without getting anywhere; only a batch of before can have moved it. */
const MOST_VAIN = 3;

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
  let last = LEAP;
  const recent = createRecentPlaces();
  /** The smallest mark that was found in a store that has lost data. */
  let lostAt = Number.POSITIVE_INFINITY;
  /** Version of the record in the remote store; undefined when it must be asked. */
  let known: number | undefined;

  function nextNumber(least: number): number {
    last = Math.max(last, least) + 1;
    return last;
  }

  const markOf = (number: number, sentNow = number) => ({
    kind: "put" as const,
    collection: "replicas" as const,
    key: name,
    // A stand-in may show the local store itself as the remote one: then this is the local record too.
    value: { sent: sentNow, at: clock.wall().toISOString() },
    version: Math.max(1, number),
  });

  async function versionIn(port: Store, context: CallContext): Promise<number> {
    return (await port.get("replicas", name, context))?.version ?? 0;
  }

  function isLost(version: number, least: number): boolean {
    if (version < least) lostAt = Math.min(lostAt, version);
    return version < least;
  }

  /** One attempt: the operations, then the seal, which moves the mark on whatever became of them. */
  function batchOf(operations: readonly Operation[], before: number, chained: boolean) {
    const opening = before === 0 ? nextNumber(0) : before;
    const first: Operation = { id: newId(), writes: [{ ...markOf(opening, sent), expect: 0 }] };
    let at = opening;
    const marked = operations.map(({ id, writes }): Operation => {
      const to = chained ? nextNumber(at) : at;
      const check: Write = { ...markOf(to, sent), expect: at };
      at = to;
      return { id, writes: [check, ...writes] };
    });
    const number = nextNumber(at);
    const seal: Operation = { id: newId(), writes: [{ ...markOf(number), expect: at }] };
    return { number, openings: before === 0 ? [first] : [], marked, seal };
  }

  function isMoved(outcome: Outcome | undefined): boolean {
    return outcome?.status === "conflict" && outcome.key === name;
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
      // Notes of this program begin with "!", ids of journals never do.
      const [own] = await local.list({ collection: "replicas", after: "!\uffff", limit: 1 }, context);
      const wasAlone = await local.get("replicas", alone.key, context);
      const parsed = recordSchema.safeParse(own?.value);
      if (own) name = own.key;
      if (parsed.success) sent = parsed.data.sent;
      born = parsed.success;
      unsent = wasAlone !== undefined || (!parsed.success && (await hasRecords(context)));
      last = sent + LEAP;
    },
    birth: () => (born || unsent ? [] : [markOf(0)]),
    record() {
      if (unsent) return [];
      born = true;
      return [markOf(sent)];
    },
    async commitAll(port, operations, { chained, behind }, context) {
      calls += 1;
      const call = calls;
      // Unknown until this one has ended: without an answer it may have been applied, or not.
      let before = known;
      known = undefined;
      const outcomes: (Outcome | undefined)[] = operations.map(() => undefined);
      let open = operations.map((operation, index) => ({ operation, index }));
      for (let vain = 0; vain < MOST_VAIN; ) {
        before ??= await versionIn(port, context);
        if (unsent || isLost(before, sent)) return LOST;
        const { number, openings, marked, seal } = batchOf(
          open.map(({ operation }) => operation),
          before,
          chained,
        );
        const sending = port.commitAll([...openings, ...marked, seal], context);
        const [answers] = await Promise.all([sending, behind?.()]);
        // Nobody waits for this answer any more, and others have been sent since.
        if (call !== calls) throw new LayerError("aborted", "the batch was given up");
        const own = answers.slice(openings.length);
        for (const [position, { index }] of open.entries()) {
          if (isMoved(own[position])) continue;
          outcomes[index] = own[position];
          const operation = operations[index];
          if (operation && own[position]?.status === "applied") recent.wrote(operation, number);
        }
        if (own.at(-1)?.status === "applied") {
          sent = number;
          known = number;
          return outcomes;
        }
        const left = open.filter(({ index }) => outcomes[index] === undefined);
        vain = left.length < open.length ? 0 : vain + 1;
        // An id that was applied before moves no mark, so a chain breaks behind it too, and goes on.
        const isBroken = chained && outcomes.some((outcome) => outcome && outcome.status !== "applied");
        open = isBroken ? [] : left;
        before = undefined;
      }
      return LOST;
    },
    async read(port, call, context) {
      const least = sent;
      if (unsent) return LOST;
      if (least === 0) return call();
      const [value, version] = await Promise.all([call(), versionIn(port, context)]);
      return isLost(version, least) ? LOST : value;
    },
    async isAhead(port, context) {
      const version = unsent ? 0 : await versionIn(port, context);
      return unsent || isLost(version, sent) ? LOST : version > sent;
    },
    hasLost: (place) => recent.isBehind(place, lostAt),
    restoring() {
      const number = nextNumber(sent);
      return { number, write: markOf(number) };
    },
    restorations: (number) => [markOf(number), { kind: "delete", collection: alone.collection, key: alone.key }],
    restored(number) {
      calls += 1;
      recent.clear();
      lostAt = Number.POSITIVE_INFINITY;
      born = true;
      known = number;
      sent = number;
      unsent = false;
    },
  };
}
