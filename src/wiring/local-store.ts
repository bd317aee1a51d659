import type { Config } from "../config/config.ts";
import { ConfigError } from "../config/env.ts";
import { asLayerError } from "../fallbacks/core/errors.ts";
import type { Slot } from "../fallbacks/core/layer.ts";
import { createEmbeddedStore } from "../fallbacks/store/embedded.ts";
import { type DirectoryLock, lockDirectory } from "../fallbacks/store/lock.ts";
import { createMemoryStore } from "../fallbacks/store/memory.ts";
import type { Store } from "../fallbacks/store/port.ts";

export interface LocalStore {
  /** The local ports in order. */
  readonly slots: readonly [Slot<Store>, ...Slot<Store>[]];
  /** The one that always works: writes go to it first. */
  readonly local: Store;
  /** Held while the process uses the data directory. */
  readonly lock: DirectoryLock | undefined;
}

/**
 * Opens the embedded store now. Memory stands in only when SQLite itself cannot be loaded: a data file that cannot be
 * opened stops the start, because answering without it would lose what is in it.
 * @param instance of this process: 32 hex digits.
 * @throws {LayerError} when the directory is in use by another process, or its file cannot be opened.
 * @throws {ConfigError} when the directory cannot be made or written.
 */
export async function openLocalStore(config: Config["store"], instance: string): Promise<LocalStore> {
  const memory = createMemoryStore();
  if (config.provider === "memory")
    return { slots: [{ port: memory, mode: "not_durable" }], local: memory, lock: undefined };
  const lock = lockOf(config.directory, instance);
  const embedded = createEmbeddedStore({ directory: config.directory });
  try {
    await embedded.open();
    return { slots: [{ port: embedded, mode: "equal" }], local: embedded, lock };
  } catch (thrown) {
    const error = asLayerError(thrown);
    if (error.errorClass === "missing") {
      return {
        slots: [
          { port: embedded, mode: "equal" },
          { port: memory, mode: "not_durable" },
        ],
        local: memory,
        lock,
      };
    }
    lock.release();
    throw error;
  }
}

function lockOf(directory: string, instance: string): DirectoryLock {
  try {
    return lockDirectory(directory, { pid: process.pid, url: "", instance });
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    throw new ConfigError([
      `DATA_DIR: ${JSON.stringify(directory)} cannot be used (${error.message}); allowed: a directory that this process may write, or :memory:`,
    ]);
  }
}
