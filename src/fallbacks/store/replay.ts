import type { Clock } from "../core/clock.ts";
import type { CallContext } from "../core/context.ts";
import { asLayerError, type LayerError, ruleOf } from "../core/errors.ts";
import type { Served } from "../core/layer.ts";
import type { Outbox, OutboxEntry } from "./outbox.ts";
import type { Collection, Operation, Store, Write } from "./port.ts";
import type { LOST, ReplicaMark } from "./replica-mark.ts";
import { createStuck } from "./stuck.ts";

export interface Place {
  readonly collection: Collection;
  readonly key: string;
}

/** Calls the remote store; the value is `undefined` when it is away, or has lost data and counts as away. */
export type OnRemote = <T>(
  call: (port: Store, context: CallContext) => Promise<T | typeof LOST>,
  context: CallContext,
) => Promise<Served<T | undefined>>;

/**
 * Brings the remote store up to date from the outbox, in order; what it refuses is buried and never sent again. An entry that
 * fails again and again at a store that takes others lets those pass which touch none of its records.
 */
export interface Replay {
  /**
   * Replays the oldest entries, each in a new context. `away`: the remote store did not serve, or takes none of what is
   * left, or the signal has aborted.
   * @throws {LayerError} when the local store fails, or the remote one in a way that is no outage.
   */
  page(context: () => CallContext): Promise<"sent" | "empty" | "away">;
  /** Some records that differ from the remote store's, because an operation on them was refused. */
  unmended(): readonly Place[];
  mended(places: readonly Place[]): void;
}

const PLACES_AT_ONCE = 100;

export function createReplay(options: {
  readonly outbox: Outbox;
  readonly mark: ReplicaMark;
  readonly onRemote: OnRemote;
  /** The remote store has the entry. */
  readonly acknowledge: (key: string, number: number, context: CallContext) => Promise<void>;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly signal: AbortSignal;
}): Replay {
  const { outbox, mark, onRemote, acknowledge, clock, newId, signal } = options;
  const stuck = createStuck(clock);
  const toMend = new Map<string, Place>();

  function remember(operation: Operation): void {
    // Not mended at once: operations further back in the outbox may have built on it.
    for (const place of placesOf(operation.writes)) toMend.set(nameOf(place), place);
  }

  async function refuse(entry: OutboxEntry, operation: Operation, reason: string, context: CallContext): Promise<void> {
    stuck.forget(entry.key);
    remember(operation);
    await outbox.bury(entry, reason, context);
  }

  async function send(entry: OutboxEntry, operation: Operation, context: CallContext): Promise<"sent" | "away"> {
    // Others have been sent before it, and the mark of the remote store never goes back.
    const number = Number(entry.key) > mark.sent ? Number(entry.key) : outbox.nextNumber();
    let tried = false;
    try {
      const { value } = await onRemote((port, ctx) => {
        tried = true;
        return mark.commit(port, operation, number, ctx);
      }, context);
      if (!value) {
        if (tried) stuck.failed(entry.key);
        return "away";
      }
      if (value.status === "applied") {
        stuck.forget(entry.key);
        await acknowledge(entry.key, number, context);
      } else await refuse(entry, operation, `conflict at ${value.key}`, context);
    } catch (thrown) {
      const error = asLayerError(thrown);
      if (!isRefusal(error)) throw error;
      await refuse(entry, operation, `${error.errorClass}: ${error.message}`, context);
    }
    return "sent";
  }

  async function replay(entry: OutboxEntry, context: CallContext): Promise<"sent" | "away"> {
    if (!entry.operation) await outbox.bury(entry, "unreadable", context);
    else if (!entry.refused) return send(entry, entry.operation, context);
    else {
      remember(entry.operation);
      await outbox.remove([entry.key], context);
    }
    return "sent";
  }

  /** Whether the remote store takes anything at all: then it is the entry that it does not take. */
  async function isThere(context: CallContext): Promise<boolean> {
    const { value } = await onRemote((port, ctx) => port.commit({ id: newId(), writes: [] }, ctx), context);
    return value !== undefined;
  }

  /** `held`: what it touches must wait, for it was not sent and others may go on. */
  async function advance(entry: OutboxEntry, context: () => CallContext): Promise<"sent" | "away" | "held"> {
    if (!stuck.has(entry.key)) return replay(entry, context());
    if (!stuck.isDue(entry.key)) return "held";
    if (!(await isThere(context()))) return "away";
    return (await replay(entry, context())) === "sent" ? "sent" : "held";
  }

  return {
    async page(context) {
      /** Records on which something waits that was not sent: what is further back may have built on it. */
      const held = new Set<string>();
      let outcome: "sent" | "empty" | "away" = "empty";
      let entries = await outbox.page(context());
      while (entries.length > 0) {
        for (const entry of entries) {
          if (signal.aborted) return "away";
          const names = placesOf(entry.operation?.writes ?? []).map(nameOf);
          const step = names.some((name) => held.has(name)) ? "held" : await advance(entry, context);
          if (step === "away") return "away";
          if (step === "sent") outcome = "sent";
          else for (const name of names) held.add(name);
        }
        if (outcome === "sent") return "sent";
        outcome = "away";
        entries = await outbox.page(context(), entries.at(-1)?.key);
      }
      return outcome;
    },
    unmended: () => [...toMend.values()].slice(0, PLACES_AT_ONCE),
    mended(places) {
      for (const place of places) toMend.delete(nameOf(place));
    },
  };
}

/** Each record that the writes touch, once. */
export function placesOf(writes: readonly Write[]): readonly Place[] {
  const places = new Map(writes.map(({ collection, key }) => [nameOf({ collection, key }), { collection, key }]));
  return [...places.values()];
}

/** The remote store answered, and will always answer, no. */
export function isRefusal(error: LayerError): boolean {
  return !ruleOf(error.errorClass).next && error.errorClass !== "aborted";
}

export function nameOf({ collection, key }: Place): string {
  return `${collection}/${key}`;
}
