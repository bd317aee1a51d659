import { readdir, rm, unlink } from "node:fs/promises";
import { join } from "node:path";

/** The folder of one model inside the cache directory; nothing outside it is ever touched. */
export interface ModelCache {
  /** Whether any file of the model is there. */
  hasFiles(): Promise<boolean>;
  /** Deletes the model's files, all of them: which one is broken, its parser does not tell. */
  clear(now: number): Promise<void>;
  /** When they were last deleted (monotonic ms); undefined: not since this object was made. */
  readonly clearedAt: number | undefined;
  /** Deletes what downloads that were cut off have left, but not what another living process is writing. */
  sweep(): Promise<void>;
}

/** How transformers.js names a file until it is complete: with the id of the writing process. */
const UNFINISHED = /\.tmp\.(\d+)\.-?\w+$/;

/** Where the cache keeps the models of one revision. */
export const revisionFolder = (cacheDirectory: string, revision: string): string =>
  join(cacheDirectory, encodeURIComponent(revision));

/** `model` is an id of at most two segments, neither of which is a way out of the directory: `checkModelId` has seen it. */
export function createModelCache(cacheDirectory: string, model: string, revision: string): ModelCache {
  const folder = join(revisionFolder(cacheDirectory, revision), ...model.split("/"));
  let clearedAt: number | undefined;

  async function files(): Promise<readonly string[]> {
    try {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    } catch (error) {
      if (hasCode(error, "ENOENT")) return [];
      throw error;
    }
  }

  return {
    async hasFiles() {
      return (await files()).some((path) => !UNFINISHED.test(path));
    },
    async clear(now) {
      clearedAt = now;
      await rm(folder, { recursive: true, force: true });
    },
    get clearedAt() {
      return clearedAt;
    },
    async sweep() {
      for (const path of await files()) {
        const writer = UNFINISHED.exec(path)?.[1];
        if (writer !== undefined && !isOther(Number(writer))) await unlinkIfThere(path);
      }
    },
  };
}

function isOther(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Not permitted to signal it: it lives.
    return !hasCode(error, "ESRCH");
  }
}

async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
