import type { Clock } from "../core/clock.ts";
import { createContext } from "../core/context.ts";
import { asLayerError, type LayerError } from "../core/errors.ts";
import { isRefusal } from "./operations.ts";
import type { Operation, Store } from "./port.ts";

/** The local store with a memory of whether it can be written: reads that succeed do not make a full disk good. */
export interface Journal {
  readonly store: Store;
  /** Of the last write, if it failed. While there is one, writing is tried again every second. */
  readonly failure: { readonly error: LayerError; readonly since: Date } | undefined;
  /** Stops trying; the store stays open. */
  close(): void;
}

const PROBE_MS = 1_000;

export function createJournal(options: {
  readonly local: Store;
  readonly clock: Clock;
  readonly newId: () => string;
}): Journal {
  const { local, clock, newId } = options;
  let failure: Journal["failure"];
  let cancelProbe: (() => void) | undefined;
  let closed = false;

  async function watched<T>(write: () => Promise<T>): Promise<T> {
    try {
      const written = await write();
      failure = undefined;
      cancelProbe?.();
      cancelProbe = undefined;
      return written;
    } catch (thrown) {
      const error = asLayerError(thrown);
      if (error.errorClass !== "aborted" && !isRefusal(error)) {
        failure = { error, since: failure?.since ?? clock.wall() };
        if (!closed) cancelProbe ??= clock.after(PROBE_MS, () => void probe(), { background: true });
      }
      throw error;
    }
  }

  /** Not ready means no traffic, and so no write that could find out that the disk has room again. */
  async function probe(): Promise<void> {
    cancelProbe = undefined;
    const context = createContext({ clock, requestId: "journal-probe", deadlineMs: PROBE_MS });
    const nothing: Operation = { id: newId(), writes: [] };
    // A failure is recorded by `watched`, which also comes back here.
    await watched(() => local.commit(nothing, context)).catch(() => undefined);
  }

  return {
    store: {
      name: local.name,
      get durability() {
        return local.durability;
      },
      commit: (operation, context) => watched(() => local.commit(operation, context)),
      commitAll: (operations, context) => watched(() => local.commitAll(operations, context)),
      look: (places, context) => local.look(places, context),
      graves: (request, context) => local.graves(request, context),
      forgetGraves: (before, limit, context) => watched(() => local.forgetGraves(before, limit, context)),
      get: (collection, key, context) => local.get(collection, key, context),
      list: (request, context) => local.list(request, context),
    },
    get failure() {
      return failure;
    },
    close() {
      closed = true;
      cancelProbe?.();
      cancelProbe = undefined;
    },
  };
}
