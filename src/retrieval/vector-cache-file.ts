import { constants } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import {
  type CacheFormat,
  type CacheRecord,
  decodeHeader,
  encodeHeader,
  encodeRecords,
  formatOf,
  HEADER_BYTES,
  nameAt,
  vectorAt,
} from "./vector-cache-format.ts";

/** The file of one space, open. One call at a time. */
export interface CacheFile {
  readonly dimension: number;
  has(name: string): boolean;
  /** The vectors in the order of the names; undefined for what is not kept or damaged. */
  read(names: readonly string[]): Promise<readonly (Float32Array | undefined)[]>;
  /** @param records of the file's dimension. What was not written is not kept. */
  append(records: readonly CacheRecord[]): Promise<void>;
  /** Forgets all others, and writes the file anew when more than half of it is of no use. */
  keepOnly(isKept: (name: string) => boolean): Promise<void>;
  close(): Promise<void>;
}

/** Bytes that are read or written at once: a millisecond for looking through them. */
const AT_ONCE = 2 * 1024 ** 2;

/**
 * Reads which vectors there are. Undefined when there is no file, or none that is of this space.
 * @throws what the system says, and {Error} when it is a pipe.
 */
export async function openCacheFile(path: string, space: string): Promise<CacheFile | undefined> {
  let handle: FileHandle;
  try {
    handle = await openAtOnce(path, constants.O_RDWR);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    const { bytesRead } = await handle.read(header, 0, HEADER_BYTES, 0);
    const format = decodeHeader(header.subarray(0, bytesRead), space);
    const found = format && (await indexOf(handle, format));
    if (found) return cacheFile(path, space, format, handle, found);
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return undefined;
}

/** In the place of what there was. @throws what the system says, and {Error} when that is a pipe. */
export async function createCacheFile(path: string, space: string, dimension: number): Promise<CacheFile> {
  const format = formatOf(dimension);
  return cacheFile(path, space, format, await created(path, space, format), { places: new Map(), records: 0 });
}

async function created(path: string, space: string, format: CacheFormat): Promise<FileHandle> {
  // What it says of texts is for nobody else.
  const handle = await openAtOnce(path, constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC);
  try {
    await handle.write(encodeHeader(space, format), 0, HEADER_BYTES, 0);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Without waiting: from a pipe, or another thing that is no file, nothing may ever come. */
async function openAtOnce(path: string, flags: number): Promise<FileHandle> {
  const handle = await open(path, flags | constants.O_NONBLOCK, 0o600);
  try {
    if ((await handle.stat()).isFIFO()) throw new Error(`${path} is a pipe and not a file`);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

interface Contents {
  /** The record of each name, counted from 0. */
  readonly places: Map<string, number>;
  /** Whole records. A part of one at the end is written over. */
  records: number;
}

async function indexOf(handle: FileHandle, format: CacheFormat): Promise<Contents> {
  const { size } = await handle.stat();
  const records = Math.max(0, Math.floor((size - HEADER_BYTES) / format.recordBytes));
  const places = new Map<string, number>();
  const step = Math.max(1, Math.floor(AT_ONCE / format.recordBytes));
  const bytes = Buffer.allocUnsafeSlow(step * format.recordBytes);
  for (let first = 0; first < records; first += step) {
    const count = await readRecords(handle, format, first, Math.min(step, records - first), bytes);
    // The last one of a name counts: it was written because the others were damaged.
    for (let at = 0; at < count; at += 1) places.set(nameAt(bytes, format, at), first + at);
  }
  return { places, records };
}

/** Returns how many there were. */
async function readRecords(
  handle: FileHandle,
  { recordBytes }: CacheFormat,
  first: number,
  count: number,
  bytes: Buffer,
): Promise<number> {
  const { bytesRead } = await handle.read(bytes, 0, count * recordBytes, HEADER_BYTES + first * recordBytes);
  return Math.floor(bytesRead / recordBytes);
}

function cacheFile(
  path: string,
  space: string,
  format: CacheFormat,
  handle: FileHandle,
  contents: Contents,
): CacheFile {
  const step = Math.max(1, Math.floor(AT_ONCE / format.recordBytes));
  let file = handle;
  let { places, records } = contents;

  /** Calls `take` with all of these, in the order of the file; several that follow each other are read at once. */
  async function each(
    names: Iterable<string>,
    take: (name: string, vector: Float32Array | undefined) => void,
    afterRun: () => Promise<void> = async () => {},
  ): Promise<void> {
    const wanted = [...names].flatMap((name) => {
      const place = places.get(name);
      return place === undefined ? [] : [{ name, place }];
    });
    wanted.sort((a, b) => a.place - b.place);
    for (let from = 0; from < wanted.length; ) {
      const first = wanted[from]?.place ?? 0;
      let to = from + 1;
      while (to - from < step && wanted[to]?.place === first + to - from) to += 1;
      const bytes = Buffer.allocUnsafeSlow((to - from) * format.recordBytes);
      const count = await readRecords(file, format, first, to - from, bytes);
      for (const [at, { name }] of wanted.slice(from, to).entries()) {
        take(name, at < count ? vectorAt(bytes, format, at, name) : undefined);
      }
      await afterRun();
      from = to;
    }
  }

  /** Returns what was written to where. */
  async function write(to: FileHandle, at: number, some: readonly CacheRecord[]): Promise<void> {
    const bytes = encodeRecords(some, format);
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await to.write(
        bytes,
        done,
        bytes.length - done,
        HEADER_BYTES + at * format.recordBytes + done,
      );
      done += bytesWritten;
    }
  }

  async function rewrite(): Promise<void> {
    const next = await created(`${path}.new`, space, format);
    const moved = new Map<string, number>();
    let run: CacheRecord[] = [];
    try {
      await each(
        places.keys(),
        (name, vector) => {
          if (vector) run.push({ name, vector });
        },
        async () => {
          await write(next, moved.size, run);
          for (const { name } of run) moved.set(name, moved.size);
          run = [];
        },
      );
      await rename(`${path}.new`, path);
    } catch (error) {
      await next.close();
      await rm(`${path}.new`, { force: true });
      throw error;
    }
    const old = file;
    file = next;
    places = moved;
    records = moved.size;
    await old.close();
  }

  return {
    dimension: format.dimension,
    has: (name) => places.has(name),
    async read(names) {
      const found = new Map<string, Float32Array>();
      await each(new Set(names), (name, vector) => {
        if (vector) found.set(name, vector);
        // So that it is kept again when it has been computed again.
        else places.delete(name);
      });
      return names.map((name) => found.get(name));
    },
    async append(some) {
      for (let at = 0; at < some.length; at += step) {
        const run = some.slice(at, at + step);
        await write(file, records, run);
        for (const [index, { name }] of run.entries()) places.set(name, records + index);
        records += run.length;
      }
    },
    async keepOnly(isKept) {
      for (const name of places.keys()) if (!isKept(name)) places.delete(name);
      if (2 * places.size < records) await rewrite();
    },
    close: () => file.close(),
  };
}
