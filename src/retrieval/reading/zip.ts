import { once } from "node:events";
import { type Entry, fromBuffer, type ZipFile } from "yauzl";
import { inMb, type ReadingLimits, readingLimits } from "./limits.ts";
import { Unreadable } from "./unreadable.ts";

/**
 * Unpacks what is needed of a zip archive, never more of an entry than it declares.
 * @param isNeeded by the entry's path; the others are not unpacked.
 * @throws {Unreadable} for an archive that is cut off, damaged, encrypted or a bomb.
 */
export async function readZip(
  bytes: Uint8Array,
  isNeeded: (path: string) => boolean,
  limits: ReadingLimits = readingLimits,
): Promise<ReadonlyMap<string, Buffer>> {
  const { zipEntries, zipBytes } = limits;
  const zip = await open(bytes);
  if (zip.entryCount > zipEntries) {
    throw new Unreadable(`holds ${zip.entryCount} entries; allowed are ${zipEntries} (a zip bomb?)`);
  }
  const needed = new Map<string, Entry>();
  let total = 0;
  for await (const entry of entriesOf(zip)) {
    if (!isNeeded(entry.fileName)) continue;
    if (needed.has(entry.fileName)) throw new Unreadable("is damaged: it holds two entries of one name");
    check(entry, limits);
    total += entry.uncompressedSize;
    if (total > zipBytes) throw new Unreadable(`unpacks to more than ${inMb(zipBytes)} (a zip bomb?)`);
    needed.set(entry.fileName, entry);
  }
  const contents = new Map<string, Buffer>();
  for (const [path, entry] of needed) contents.set(path, await unpack(zip, entry));
  return contents;
}

function check(entry: Entry, { zipRatio, zipRatioFrom }: ReadingLimits): void {
  const { compressedSize, uncompressedSize } = entry;
  if (entry.isEncrypted()) throw new Unreadable("is encrypted");
  if (uncompressedSize > zipRatioFrom && uncompressedSize > compressedSize * zipRatio) {
    throw new Unreadable(`unpacks to more than ${zipRatio} times its size (a zip bomb?)`);
  }
}

function open(bytes: Uint8Array): Promise<ZipFile> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return new Promise((resolve, reject) => {
    fromBuffer(buffer, { lazyEntries: true, autoClose: false, validateEntrySizes: true }, (error, zip) => {
      // What an archive holds is listed at its end.
      if (error) reject(new Unreadable("is cut off: the end of the archive is missing (truncated?)", { cause: error }));
      else resolve(zip);
    });
  });
}

async function* entriesOf(zip: ZipFile): AsyncGenerator<Entry> {
  const queue: (Entry | Error | undefined)[] = [];
  zip.on("entry", (entry: Entry) => queue.push(entry));
  zip.on("end", () => queue.push(undefined));
  zip.on("error", (error: Error) => queue.push(error));
  for (;;) {
    zip.readEntry();
    while (queue.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const next = queue.shift();
    if (next === undefined) return;
    if (next instanceof Error) throw damaged(next);
    yield next;
  }
}

async function unpack(zip: ZipFile, entry: Entry): Promise<Buffer> {
  try {
    const stream = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
      zip.openReadStream(entry, (error, stream) => (error ? reject(error) : resolve(stream)));
    });
    const parts: Buffer[] = [];
    stream.on("data", (part: Buffer) => parts.push(part));
    await once(stream, "end");
    return Buffer.concat(parts);
  } catch (error) {
    throw damaged(error);
  }
}

const damaged = (cause: unknown) => new Unreadable("is damaged: the archive cannot be unpacked", { cause });
