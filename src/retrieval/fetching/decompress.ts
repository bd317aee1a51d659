import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, inflateRaw } from "node:zlib";
import { refusal, tooLarge } from "./refusal.ts";

const ways = {
  gunzip: promisify(gunzip),
  brotli: promisify(brotliDecompress),
  inflate: promisify(inflate),
  inflateRaw: promisify(inflateRaw),
} as const;
type Way = keyof typeof ways;

/** Undoes a compression, as the `Content-Encoding` of an answer names it; nothing stays nothing. */
export type Decompress = (bytes: Uint8Array) => Promise<Uint8Array>;

/**
 * @param most bytes that may come out: a small body that becomes a huge one is left when it has become too large.
 * @throws {Problem} `url_refused` for a compression that we do not ask for, or one on top of another; and when it is used, for what
 * is broken or too large.
 */
export function createDecompress(encoding: string, most: number): Decompress {
  switch (encoding.trim().toLowerCase()) {
    case "":
    case "identity":
      return async (bytes) => bytes;
    case "gzip":
    case "x-gzip":
      return (bytes) => undo("gunzip", bytes, most);
    case "br":
      return (bytes) => undo("brotli", bytes, most);
    case "deflate":
      return (bytes) => undo(hasZlibHeader(bytes) ? "inflate" : "inflateRaw", bytes, most);
    default:
      throw refusal("has content that is compressed in another way than gzip, deflate or br");
  }
}

async function undo(way: Way, bytes: Uint8Array, most: number): Promise<Uint8Array> {
  if (bytes.length === 0) return bytes;
  try {
    const plain = await ways[way](bytes, { maxOutputLength: most });
    // A view of its own memory, not of the pool that small buffers share, so that it may be moved to a thread.
    return plain.byteLength === plain.buffer.byteLength ? plain : new Uint8Array(plain);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(most, error);
    throw refusal("has content that cannot be decompressed", error);
  }
}

/** The standard wants this header in what is called deflate, and some servers leave it out. */
function hasZlibHeader(bytes: Uint8Array): boolean {
  return ((bytes[0] ?? 0) & 0x0f) === 8;
}
