import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

/**
 * A file of vectors of one space: a header, then records of one length, each a key, the numbers, and a sum that both must agree
 * with. Numbers are as this machine writes them; on a machine that writes them the other way round the header does not fit.
 */
export interface CacheFormat {
  /** Numbers of a vector. */
  readonly dimension: number;
  /** Bytes of a record. */
  readonly recordBytes: number;
}

export interface CacheRecord {
  /** As `keyName` makes it. */
  readonly name: string;
  readonly vector: Float32Array;
}

export const HEADER_BYTES = 64;
const MAGIC = "vectors1";
const ORDER = 0x01020304;
const KEY_BYTES = 16;
const NUMBER_BYTES = Float32Array.BYTES_PER_ELEMENT;
const SUM_BYTES = 4;
const LARGEST_DIMENSION = 65_536;

export function formatOf(dimension: number): CacheFormat {
  return { dimension, recordBytes: KEY_BYTES + dimension * NUMBER_BYTES + SUM_BYTES };
}

/** What a key is called in the file: the same key where it already is the base64url of 16 bytes. */
export function keyName(key: string): string {
  // Of the last of 22 letters only two bits count.
  if (/^[\w-]{21}[AQgw]$/.test(key)) return key;
  return createHash("sha256").update(key).digest().toString("base64url", 0, KEY_BYTES);
}

/** The name of the file of a space; no space can be read from it. */
export function fileName(space: string): string {
  return `${createHash("sha256").update(space).digest("hex").slice(0, 32)}.vectors`;
}

export function isFileName(name: string): boolean {
  return /^[0-9a-f]{32}\.vectors(\.new)?$/.test(name);
}

export function encodeHeader(space: string, { dimension }: CacheFormat): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, "latin1");
  new Uint32Array(header.buffer, header.byteOffset + 8, 2).set([ORDER, dimension]);
  createHash("sha256").update(space).digest().copy(header, 16);
  writeSum(header, HEADER_BYTES);
  return header;
}

/** Undefined when it is no header of this space that this machine can read. */
export function decodeHeader(header: Buffer, space: string): CacheFormat | undefined {
  if (header.length < HEADER_BYTES) return undefined;
  const dimension = new DataView(header.buffer, header.byteOffset).getUint32(12, isLittleEndian);
  if (dimension < 1 || dimension > LARGEST_DIMENSION) return undefined;
  const format = formatOf(dimension);
  return encodeHeader(space, format).equals(header.subarray(0, HEADER_BYTES)) ? format : undefined;
}

const isLittleEndian = new Uint8Array(Uint32Array.of(ORDER).buffer)[0] === 4;

/** @param records of the format's dimension. */
export function encodeRecords(records: readonly CacheRecord[], { dimension, recordBytes }: CacheFormat): Buffer {
  const bytes = Buffer.allocUnsafeSlow(records.length * recordBytes);
  for (const [index, { name, vector }] of records.entries()) {
    const record = bytes.subarray(index * recordBytes, (index + 1) * recordBytes);
    record.write(name, 0, KEY_BYTES, "base64url");
    new Float32Array(record.buffer, record.byteOffset + KEY_BYTES, dimension).set(vector);
    writeSum(record, recordBytes);
  }
  return bytes;
}

/** The name in the record with this number. */
export function nameAt(bytes: Buffer, { recordBytes }: CacheFormat, index: number): string {
  return bytes.toString("base64url", index * recordBytes, index * recordBytes + KEY_BYTES);
}

/** The vector in the record with this number, a view; undefined when it is not that of this name, or is damaged. */
export function vectorAt(bytes: Buffer, format: CacheFormat, index: number, name: string): Float32Array | undefined {
  const { dimension, recordBytes } = format;
  const record = bytes.subarray(index * recordBytes, (index + 1) * recordBytes);
  if (record.length < recordBytes || nameAt(bytes, format, index) !== name) return undefined;
  if (record.readUInt32LE(recordBytes - SUM_BYTES) !== sumOf(record, recordBytes)) return undefined;
  return new Float32Array(record.buffer, record.byteOffset + KEY_BYTES, dimension);
}

function sumOf(bytes: Buffer, length: number): number {
  return crc32(bytes.subarray(0, length - SUM_BYTES));
}

function writeSum(bytes: Buffer, length: number): void {
  bytes.writeUInt32LE(sumOf(bytes, length), length - SUM_BYTES);
}
