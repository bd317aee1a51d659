import { createHash } from "node:crypto";
import { endianness } from "node:os";
import { crc32 } from "node:zlib";
import { CHINESE_WORDS } from "../text/chinese-words.ts";
import { hashOfStretch } from "../text/stretch-hash.ts";
import { tokenise } from "../text/tokenise.ts";
import { readWordList } from "../text/word-list.ts";
import { MOST_SLOTS } from "./postings.ts";
import type { Work } from "./slices.ts";
import { termsOf } from "./term-table.ts";
import type { Compacted } from "./words-compact.ts";

/** What is kept of the passages of a document besides their words. */
export interface PassageFacts {
  readonly keys: readonly string[];
  /** Index in `LANGUAGES`, for each passage. */
  readonly languages: Uint8Array;
}

export interface Snapshot {
  readonly compacted: Compacted;
  /** By document id. */
  readonly facts: ReadonlyMap<string, PassageFacts>;
}

/** What is to be written: those of the documents of which there are facts. */
export interface SnapshotSource extends Omit<Snapshot, "facts"> {
  readonly facts: (documentId: string) => PassageFacts | undefined;
}

const MAGIC = Buffer.from("understudy words\n");
const FORMAT = 2;
/** Some of every script that is cut in a way of its own. */
const SAMPLE =
  "Haven't the re-opened deliveries' 16GB e-mails spent 3.5? 还没拆封的快递可以退款吗 ありがとうカメラ ขอบคุณมาก";
/** Numbers are read where they are in the file, which a processor only does where they begin at a multiple of their length. */
const ALIGNED = Uint32Array.BYTES_PER_ELEMENT;
/** Bytes that are checked without a pause. */
const STEP = 0x4_0000;

/**
 * What the words were made by, and the hash that finds them: a file of another revision says nothing here. Where words of Chinese end is
 * said by a list, of other scripts without spaces by the runtime.
 */
function revisionOf(): string {
  const makers = JSON.stringify([tokenise(SAMPLE), readWordList(CHINESE_WORDS)]);
  const made = createHash("sha256").update(makers).digest("hex").slice(0, 16);
  return `${FORMAT} ${endianness()} ${process.versions["icu"] ?? ""} ${made} ${hashOfStretch(SAMPLE, 0, SAMPLE.length, 1)}`;
}

interface Header {
  readonly revision: string;
  readonly seed: number;
  /** Of each section its length in bytes and its checksum. */
  readonly sections: readonly (readonly [number, number])[];
}

/** The whole file in parts. What is added to the index meanwhile is not in it. */
export function* encodeSnapshot({ compacted, facts }: SnapshotSource): Work<readonly Buffer[]> {
  const { base } = compacted;
  const passages = base.lengths.length;
  const languages = new Uint8Array(passages);
  const keys: string[] = [];
  const table: unknown[] = [];
  for (const { documentId, first, passages: size, terms } of compacted.documents) {
    const known = facts(documentId);
    yield 1 + size / 10;
    if (!known) continue;
    languages.set(known.languages, first);
    for (const key of known.keys) keys.push(key);
    table.push([documentId, first, size, terms]);
  }
  const { seed, places, starts, units, size } = base.terms.packed;
  const large = [...base.large].filter(([key]) => key % MOST_SLOTS < passages);
  const sections = [
    [bytesOf(base.starts)],
    [bytesOf(base.entries)],
    [bytesOf(base.lengths)],
    [bytesOf(places)],
    [bytesOf(starts.subarray(0, size + 1))],
    [bytesOf(units.subarray(0, starts[size]))],
    [Buffer.from(JSON.stringify(table))],
    [Buffer.from(JSON.stringify(large))],
    [Buffer.from(languages)],
    yield* textParts(keys, keys.length),
  ];
  const checked: [number, number][] = [];
  for (const parts of sections) {
    let bytes = 0;
    let checksum = 0;
    for (const part of parts) {
      bytes += part.length;
      for (let at = 0; at < part.length; at += STEP) {
        checksum = crc32(part.subarray(at, at + STEP), checksum);
        yield 200;
      }
    }
    checked.push([bytes, checksum]);
  }
  const header: Header = { revision: revisionOf(), seed, sections: checked };
  const json = JSON.stringify(header);
  // So that the numbers, which come first, begin where they can be read.
  const bytes = MAGIC.length + 8 + Buffer.byteLength(json);
  const text = Buffer.from(json + " ".repeat((ALIGNED - (bytes % ALIGNED)) % ALIGNED));
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32LE(text.length, 0);
  numbers.writeUInt32LE(crc32(text), 4);
  return [MAGIC, numbers, text, ...sections.flat()];
}

/** Line by line, in parts that are made without a pause. */
function* textParts(texts: Iterable<string>, count: number): Work<Buffer[]> {
  const parts: Buffer[] = [];
  let lines: string[] = [];
  let left = count;
  for (const text of texts) {
    if (left === 0) break;
    left -= 1;
    lines.push(text, "\n");
    if (lines.length < 4_000 && left > 0) continue;
    parts.push(Buffer.from(lines.join("")));
    lines = [];
    yield 1_000;
  }
  return parts;
}

const bytesOf = (values: Uint32Array | Uint16Array) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);

/**
 * @param file is kept, and not changed.
 * @throws {Error} for anything but a whole file of this revision, with what is wrong with it.
 */
export function decodeSnapshot(file: Buffer): Snapshot {
  const { seed, sections } = readParts(file);
  const [starts, entries, lengths, places, termStarts, units, table, large, languages, keyLines] = sections;
  const packed = { seed, places: numbersOf(places), starts: numbersOf(termStarts), units: unitsOf(units) };
  const base = {
    terms: termsOf({ ...packed, size: packed.starts.length - 1 }),
    starts: numbersOf(starts),
    entries: numbersOf(entries),
    lengths: numbersOf(lengths),
    large: new Map(JSON.parse(textOf(large)) as [number, number][]),
  };
  const keys = linesOf(keyLines);
  const facts = new Map<string, PassageFacts>();
  let next = 0;
  const documents = (JSON.parse(textOf(table)) as [string, number, number, number][]).map(
    ([documentId, first, passages, count]) => {
      const own = (languages ?? new Uint8Array(0)).slice(first, first + passages);
      facts.set(documentId, { keys: keys.slice(next, next + passages), languages: own });
      next += passages;
      return { documentId, first, passages, terms: count };
    },
  );
  return { compacted: { base, documents }, facts };
}

function readParts(file: Buffer): { readonly seed: number; readonly sections: readonly Buffer[] } {
  if (!file.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error("it is no file of words");
  const start = MAGIC.length + 8;
  if (file.length < start) throw new Error("it is cut off");
  const end = start + file.readUInt32LE(MAGIC.length);
  const text = file.subarray(start, end);
  if (end > file.length || crc32(text) !== file.readUInt32LE(MAGIC.length + 4)) throw new Error("its head is damaged");
  const header = JSON.parse(text.toString()) as Header;
  if (header.revision !== revisionOf()) throw new Error("it was made by another version");
  let at = end;
  const sections = header.sections.map(([bytes, checksum]) => {
    const section = file.subarray(at, at + bytes);
    if (section.length < bytes || crc32(section) !== checksum) throw new Error("it is damaged");
    at += bytes;
    return section;
  });
  if (at !== file.length) throw new Error("something follows it");
  return { seed: header.seed, sections };
}

const textOf = (bytes: Buffer | undefined) => bytes?.toString() ?? "";

function linesOf(bytes: Buffer | undefined): readonly string[] {
  const text = textOf(bytes);
  return text === "" ? [] : text.slice(0, -1).split("\n");
}

/** Without a copy: of 100,000 passages it would be one of 80 MB. */
function numbersOf(bytes: Buffer | undefined): Uint32Array<ArrayBuffer> {
  const { buffer, byteOffset, length } = aligned(bytes);
  return new Uint32Array(buffer, byteOffset, length / Uint32Array.BYTES_PER_ELEMENT);
}

function unitsOf(bytes: Buffer | undefined): Uint16Array<ArrayBuffer> {
  const { buffer, byteOffset, length } = aligned(bytes);
  return new Uint16Array(buffer, byteOffset, length / Uint16Array.BYTES_PER_ELEMENT);
}

/** A small file may be read into a place where numbers cannot begin. */
function aligned(bytes: Buffer | undefined): Uint8Array<ArrayBuffer> {
  const found = (bytes ?? Buffer.alloc(0)) as Buffer<ArrayBuffer>;
  return found.byteOffset % ALIGNED === 0 ? found : new Uint8Array(found);
}
