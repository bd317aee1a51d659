import type { CallContext } from "../core/context.ts";
import { asLayerError, type LayerError, ruleOf } from "../core/errors.ts";
import type { Served } from "../core/layer.ts";
import type { Outbox, OutboxEntry } from "./outbox.ts";
import type { Collection, Operation, Store, Write } from "./port.ts";
import type { LOST, ReplicaMark } from "./replica-mark.ts";

export interface Place {
  readonly collection: Collection;
  readonly key: string;
}

/** Calls the remote store; the value is `undefined` when it is away, or has lost data and counts as away. */
export type OnRemote = <T>(
  call: (port: Store, context: CallContext) => Promise<T | typeof LOST>,
  context: CallContext,
) => Promise<Served<T | undefined>>;

/** Brings the remote store up to date from the outbox, in order; what it refuses is buried and never sent again. */
export interface Replay {
  /**
   * Replays the oldest entries, each in a new context. `away`: the remote store did not serve, or the signal has aborted.
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
  readonly acknowledge: (key: string, context: CallContext) => Promise<void>;
  readonly signal: AbortSignal;
}): Replay {
  const { outbox, mark, onRemote, acknowledge, signal } = options;
  const toMend = new Map<string, Place>();

  function remember(operation: Operation): void {
    // Not mended at once: operations further back in the outbox may have built on it.
    for (const place of placesOf(operation.writes)) toMend.set(nameOf(place), place);
  }

  async function refuse(entry: OutboxEntry, operation: Operation, reason: string, context: CallContext): Promise<void> {
    remember(operation);
    await outbox.bury(entry, reason, context);
  }

  async function send(entry: OutboxEntry, operation: Operation, context: CallContext): Promise<"sent" | "away"> {
    try {
      const { value } = await onRemote((port, ctx) => mark.commit(port, operation, Number(entry.key), ctx), context);
      if (!value) return "away";
      if (value.status === "applied") await acknowledge(entry.key, context);
      else await refuse(entry, operation, `conflict at ${value.key}`, context);
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

  return {
    async page(context) {
      const entries = await outbox.page(context());
      for (const entry of entries) {
        if (signal.aborted || (await replay(entry, context())) === "away") return "away";
      }
      return entries.length === 0 ? "empty" : "sent";
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
