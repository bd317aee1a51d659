import { createContext } from "../core/context.ts";
import { asLayerError, type LayerError } from "../core/errors.ts";
import type { StoreAccess, StoreAccessOptions } from "./access.ts";
import { isRefusal } from "./operations.ts";
import type { Write } from "./port.ts";
import { alone } from "./replica-mark.ts";
import { createReplicated } from "./replicated.ts";
import { createTakeOverCopy } from "./take-over-copy.ts";

const PROBE_MS = 1_000;

/** With a remote first port every write goes to the local journal first; without one, straight to the layer. */
export function createStoreAccess(options: StoreAccessOptions): StoreAccess {
  const { layer, local, remote, clock, newId } = options;
  if (remote) {
    const access = createReplicated({ ...options, remote, drainMs: options.drainMs ?? 1_000 });
    return { ...access, takeOver: createTakeOverCopy({ access, local, remote, clock, newId }) };
  }
  /** Of the last write: reads that succeed do not make a full disk good. */
  let writeError: { readonly error: LayerError; readonly since: Date } | undefined;
  let cancelProbe: (() => void) | undefined;
  /** A remote store that is configured later must be told all of this. */
  let marks: readonly Write[] = [alone];

  const commit: StoreAccess["commit"] = async (operation, context) => {
    try {
      const marked = { id: operation.id, writes: [...operation.writes, ...marks] };
      const served = await layer.use((port, ctx) => port.commit(marked, ctx), context);
      if (served.value.status === "applied") marks = [];
      writeError = undefined;
      cancelProbe?.();
      cancelProbe = undefined;
      return served;
    } catch (thrown) {
      const error = asLayerError(thrown);
      if (error.errorClass !== "aborted" && !isRefusal(error)) {
        writeError = { error, since: writeError?.since ?? clock.wall() };
        cancelProbe ??= clock.after(PROBE_MS, () => void probe(), { background: true });
      }
      throw thrown;
    }
  };

  /** Not ready means no traffic, and so no write that could find out that the disk has room again. */
  async function probe(): Promise<void> {
    cancelProbe = undefined;
    const context = createContext({ clock, requestId: "store-probe", deadlineMs: PROBE_MS });
    // A failure is recorded by `commit`, which also comes back here.
    await commit({ id: newId(), writes: [] }, context).catch(() => undefined);
  }

  return {
    commit,
    get: (collection, key, context) => layer.use((port, ctx) => port.get(collection, key, ctx), context),
    list: (request, context) => layer.use((port, ctx) => port.list(request, ctx), context),
    durability: () => local.durability,
    status() {
      const base = layer.status();
      if (!writeError) return base;
      const { error, since } = writeError;
      return {
        ...base,
        state: "down",
        reason: "error",
        since,
        lastError: { errorClass: error.errorClass, text: error.message, count: base.lastError?.count ?? 1 },
        impact: "Nothing new can be saved at the moment.",
        action: "Check the disk of the data directory: writes fail.",
      };
    },
    async settle() {},
    async close() {
      cancelProbe?.();
      await layer.close();
    },
  };
}
