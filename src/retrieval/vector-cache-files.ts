import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { VectorCache } from "./vector-cache.ts";
import { type CacheFile, createCacheFile, openCacheFile } from "./vector-cache-file.ts";
import { type CacheRecord, fileName, isFileName, keyName } from "./vector-cache-format.ts";

export interface VectorCacheOptions {
  /** Where the files are, one for each space; made when the first vector comes. No other process may use it. Absent: nothing is kept. */
  readonly directory?: string | undefined;
  /** Hears of the first failure of each kind. */
  readonly report: (error: unknown, fields: object) => void;
}

/** Bytes that wait to be written; beyond that, vectors are not kept. */
const MOST_WAITING = 64 * 1024 ** 2;

const keepsNothing: VectorCache = {
  get: async (_, keys) => keys.map(() => undefined),
  put() {},
  async keepOnly() {},
  async close() {},
};

/** What one space is kept in; its work is done one after the other. */
interface Shelf {
  readonly path: string;
  /** Undefined: it has not been opened yet; null: there is none. */
  file: CacheFile | null | undefined;
  waiting: CacheRecord[];
  queue: Promise<void>;
}

/**
 * Vectors in files that are only ever appended to: written and read in the background, and never synced, as what a crash takes
 * away is computed again. A record that is not what was written is not there.
 */
export function createVectorCache({ directory, report }: VectorCacheOptions): VectorCache {
  if (directory === undefined) return keepsNothing;
  const shelves = new Map<string, Shelf>();
  const reported = new Set<string>();
  let waitingBytes = 0;
  let writable = true;
  let closed = false;

  function reportOnce(error: unknown, doing: string): void {
    if (reported.has(doing)) return;
    reported.add(doing);
    report(error, { doing });
  }

  function shelfOf(space: string): Shelf {
    const shelf = shelves.get(space) ?? {
      path: join(directory as string, fileName(space)),
      file: undefined,
      waiting: [],
      queue: Promise.resolve(),
    };
    shelves.set(space, shelf);
    return shelf;
  }

  /** Does the work when all that came before is done; what fails is nothing but not kept. */
  function inTurn<T>(shelf: Shelf, doing: string, work: () => Promise<T>): Promise<T | undefined> {
    const done = shelf.queue.then(work).catch((error: unknown) => {
      reportOnce(error, doing);
      return undefined;
    });
    shelf.queue = done.then(() => undefined);
    return done;
  }

  async function opened(space: string, shelf: Shelf): Promise<CacheFile | null> {
    // Should it fail, there is none: what is in it cannot be told, and is computed again.
    if (shelf.file === undefined) {
      shelf.file = null;
      shelf.file = (await openCacheFile(shelf.path, space)) ?? null;
    }
    return shelf.file;
  }

  async function write(space: string, shelf: Shelf): Promise<void> {
    const taken = shelf.waiting;
    shelf.waiting = [];
    for (const { vector } of taken) waitingBytes -= vector.byteLength;
    const [first] = taken;
    if (!first || !writable) return;
    try {
      let file = await opened(space, shelf);
      if (!file) {
        await mkdir(directory as string, { recursive: true });
        file = await createCacheFile(shelf.path, space, first.vector.length);
        shelf.file = file;
      }
      const { dimension } = file;
      const fitting = taken.filter(({ vector }) => vector.length === dimension);
      if (fitting.length < taken.length) {
        reportOnce(
          new Error(`vectors of another dimension than ${dimension} came for ${space}`),
          "keeping such vectors",
        );
      }
      const fresh = new Map<string, CacheRecord>();
      for (const each of fitting) if (!file.has(each.name)) fresh.set(each.name, each);
      await file.append([...fresh.values()]);
    } catch (error) {
      // A full disk stays full; there is another try at the next start.
      writable = false;
      throw error;
    }
  }

  async function forgetOthers(spaces: ReadonlySet<string>): Promise<void> {
    for (const [space, shelf] of shelves) {
      if (spaces.has(space)) continue;
      shelves.delete(space);
      await inTurn(shelf, "closing a file of vectors", async () => shelf.file?.close());
    }
    const kept = new Set([...spaces].map(fileName));
    const names = await readdir(directory as string).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw error;
    });
    for (const name of names) {
      if (isFileName(name) && !kept.has(name)) await rm(join(directory as string, name), { force: true });
    }
  }

  return {
    async get(space, keys) {
      const nothing = keys.map(() => undefined);
      if (closed) return nothing;
      const shelf = shelfOf(space);
      const read = async () => (await opened(space, shelf))?.read(keys.map(keyName));
      return (await inTurn(shelf, "reading kept vectors", read)) ?? nothing;
    },
    put(space, records) {
      if (closed || !writable) return;
      const shelf = shelfOf(space);
      for (const { key, vector } of records) {
        if (waitingBytes + vector.byteLength > MOST_WAITING) {
          reportOnce(new Error("vectors come faster than they can be written"), "keeping vectors");
          break;
        }
        if (shelf.waiting.length === 0) void inTurn(shelf, "keeping vectors", () => write(space, shelf));
        shelf.waiting.push({ name: keyName(key), vector });
        waitingBytes += vector.byteLength;
      }
    },
    async keepOnly(spaces, keys) {
      if (closed) return;
      await forgetOthers(spaces).catch((error: unknown) => reportOnce(error, "deleting files of vectors"));
      const others = new Set([...keys].filter((key) => keyName(key) !== key).map(keyName));
      const isKept = (name: string) => keys.has(name) || others.has(name);
      for (const space of spaces) {
        const shelf = shelfOf(space);
        const keep = async () => (await opened(space, shelf))?.keepOnly(isKept);
        await inTurn(shelf, "tidying files of vectors", keep);
      }
    },
    async close() {
      closed = true;
      for (const shelf of shelves.values()) {
        await inTurn(shelf, "closing a file of vectors", async () => shelf.file?.close());
      }
      shelves.clear();
    },
  };
}
