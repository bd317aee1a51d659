import type { Clock } from "../core/clock.ts";
import type { CallContext } from "../core/context.ts";
import { asLayerError, LayerError } from "../core/errors.ts";
import type { ConflictReplay } from "./conflict-replay.ts";
import type { Doubt } from "./doubt.ts";
import type { Mends } from "./mends.ts";
import { isRefusal, nameOf, placesOf } from "./operations.ts";
import type { Outbox } from "./outbox.ts";
import type { OutboxEntry } from "./outbox-entry.ts";
import type { Operation, Outcome } from "./port.ts";
import type { OnRemote } from "./remote-link.ts";
import type { ReplicaMark, Sent } from "./replica-mark.ts";
import { createStuck } from "./stuck.ts";

/**
 * Brings the remote store up to date from the outbox, in order and many at a time. What the remote store refuses is united with
 * what is there, or buried. An entry that fails again and again at a store that takes others lets those pass which touch
 * none of its records.
 */
export interface Replay {
  /**
   * Replays some of the oldest entries, each step in a new context. `away`: the remote store did not serve, or takes none of
   * what is left, or the signal has aborted.
   * @throws {LayerError} when the local store fails, or the remote one in a way that is no outage.
   */
  page(context: () => CallContext): Promise<"sent" | "empty" | "away">;
}

type Step = "sent" | "away" | "held";

interface Ready extends OutboxEntry {
  readonly operation: Operation;
}

/** Entries in one batch; after a failure it begins with one, to find out which entry it is, and grows again. */
const MOST_AT_ONCE = 500;
const GROWTH = 4;
/** After a conflict: what is behind it has been sent in vain. */
const LEAST_AFTER_CONFLICT = 4;
/** Entries of one page that go by themselves: what was sent is taken out of the outbox with one sync for all. */
const MOST_ALONE = 50;
const OVERTAKEN = "overtaken while it was unknown whether the shared store has it";

export function createReplay(options: {
  readonly outbox: Outbox;
  readonly mark: ReplicaMark;
  readonly mends: Mends;
  readonly conflicts: ConflictReplay;
  readonly doubt: Doubt;
  readonly onRemote: OnRemote;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly signal: AbortSignal;
}): Replay {
  const { outbox, mark, mends, conflicts, doubt, onRemote, clock, newId, signal } = options;
  const stuck = createStuck(clock);
  let atOnce = MOST_AT_ONCE;

  function isReady(entry: OutboxEntry): entry is Ready {
    const { key, operation, refused } = entry;
    if (operation === undefined || refused) return false;
    return !stuck.has(key) && !doubt.has(key) && !isBuiltOnOther(operation);
  }

  /** It compares with a record that the remote store has in another form: the same version may be two things. */
  function isBuiltOnOther({ writes }: Operation): boolean {
    return writes.some((write) => write.expect !== undefined && mends.has(write));
  }

  /** The applied first part leaves the outbox, and what stands after it is seen to. */
  async function settle(run: readonly Ready[], sent: Sent, context: CallContext): Promise<Step> {
    const applied = run.filter((_, index) => sent[index]?.status === "applied");
    for (const { key } of applied) stuck.forget(key);
    outbox.settle(applied.map(({ key }) => key));
    const at = sent.findIndex((outcome) => outcome && outcome.status !== "applied");
    const [entry, outcome] = [run[at], sent[at]];
    if (!entry || !outcome) {
      atOnce = Math.min(MOST_AT_ONCE, atOnce * GROWTH);
      return "sent";
    }
    atOnce = Math.max(LEAST_AFTER_CONFLICT, Math.floor(atOnce / 2));
    return refuse(entry, reasonOf(outcome), context);
  }

  async function refuse(entry: Ready, reason: string, context: CallContext): Promise<Step> {
    const settled = await conflicts.settle(entry, entry.operation, reason, context);
    if (settled === "sent") stuck.forget(entry.key);
    return settled;
  }

  async function send(run: readonly Ready[], context: CallContext): Promise<Step> {
    let tried = false;
    const operations = run.map(({ operation }) => operation);
    const [first] = run;
    try {
      const { value } = await onRemote((port, ctx) => {
        tried = true;
        return mark.commitAll(port, operations, { chained: true }, ctx);
      }, context);
      if (value) return settle(run, value, context);
      if (tried && first) stuck.failed(first.key);
      atOnce = 1;
      return "away";
    } catch (thrown) {
      const error = asLayerError(thrown);
      if (!isRefusal(error) || !first) throw error;
      if (run.length === 1) return refuse(first, `${error.errorClass}: ${error.message}`, context);
      atOnce = 1;
      return "sent";
    }
  }

  /** Whether the remote store takes anything at all: then it is the entry that it does not take. */
  async function isThere(context: CallContext): Promise<boolean> {
    const { value } = await onRemote((port, ctx) => port.commit({ id: newId(), writes: [] }, ctx), context);
    return value !== undefined;
  }

  /** An entry that the remote store may have had long ago. */
  async function sendDoubtful(entry: Ready, context: CallContext): Promise<Step> {
    const { key, operation } = entry;
    const found = await doubt.look(operation, context);
    if (found === "away") return "away";
    if (found === "fits") return send([entry], context);
    if (found === "spent") outbox.settle([key]);
    else if (operation.writes.some(({ expect }) => expect !== undefined)) return refuse(entry, OVERTAKEN, context);
    else {
      const places = placesOf(operation.writes);
      await outbox.remove([], context, mends.notes(places));
      mends.noted(places);
      await conflicts.bury(entry, OVERTAKEN, context);
    }
    return "sent";
  }

  /** An entry that is no part of a batch. */
  async function alone(entry: OutboxEntry, context: () => CallContext): Promise<Step> {
    const { operation, key } = entry;
    if (!operation) {
      await conflicts.bury(entry, "unreadable", context());
      return "sent";
    }
    if (entry.refused) {
      const places = placesOf(operation.writes);
      await outbox.remove([key], context(), mends.notes(places));
      mends.noted(places);
      return "sent";
    }
    if (stuck.has(key)) {
      if (!stuck.isDue(key)) return "held";
      if (!(await isThere(context()))) return "away";
    }
    const ready = { ...entry, operation };
    if (isBuiltOnOther(operation)) {
      return refuse(ready, "it was built on an operation that the shared store did not take", context());
    }
    const step = doubt.has(key) ? await sendDoubtful(ready, context()) : await send([ready], context());
    return stuck.has(key) && step === "away" ? "held" : step;
  }

  /** Some single entries or one batch; `held` when there is nothing to do but wait. */
  async function advance(
    entries: readonly OutboxEntry[],
    held: Set<string>,
    context: () => CallContext,
  ): Promise<Step> {
    const run: Ready[] = [];
    let gone = 0;
    for (const entry of entries) {
      if (signal.aborted) return "away";
      const names = placesOf(entry.operation?.writes ?? []).map(nameOf);
      if (names.some((name) => held.has(name))) {
        for (const name of names) held.add(name);
        continue;
      }
      if (isReady(entry)) {
        run.push(entry);
        if (run.length === atOnce) break;
        continue;
      }
      // What is before it goes before it.
      if (run.length > 0 || gone === MOST_ALONE) break;
      const step = await alone(entry, context);
      if (step === "away") return step;
      if (step === "sent") gone += 1;
      else for (const name of names) held.add(name);
    }
    if (run.length > 0) return send(run, context());
    return gone > 0 ? "sent" : "held";
  }

  return {
    async page(context) {
      if (outbox.unsettled) await outbox.remove([], context());
      if (!(await doubt.settle(context()))) return "away";
      /** Records on which something waits that was not sent: what is further back may have built on it. */
      const held = new Set<string>();
      let entries = await outbox.page(MOST_AT_ONCE, context());
      if (entries.length === 0) return "empty";
      while (entries.length > 0) {
        const step = await advance(entries, held, context);
        if (step !== "held") return step;
        entries = await outbox.page(MOST_AT_ONCE, context(), entries.at(-1)?.key);
      }
      return "away";
    },
  };
}

function reasonOf(outcome: Outcome): string {
  if (outcome.status === "conflict") return `conflict at ${outcome.key}`;
  if (outcome.status === "refused") return `${outcome.error.errorClass}: ${outcome.error.message}`;
  throw new LayerError("server", "an operation that was applied has no reason to be refused");
}
