import type { SubjectList } from "./subject-list.ts";

/**
 * What is known of words: in which topics of support they occur, and how near topics are to each other. `training/README.md`
 * says how it is made.
 */
export interface WordTopics {
  /** Number of topics. */
  readonly topics: number;
  /** Numbers in a vector of meaning. */
  readonly dimension: number;
  readonly subjects: SubjectList;
  /** By place of a subject where its topics, which rise, begin in `topicOf` and `weights`; one more for the end of the last. */
  readonly starts: Uint32Array;
  readonly topicOf: Uint16Array;
  /** 1 to 255, of `heaviest`. */
  readonly weights: Uint8Array;
  readonly heaviest: number;
  /** For each topic its `dimension` numbers. */
  readonly projection: Float32Array;
}

const FORMAT = "understudy-word-topics-2";
const ALIGNED = 8;
const LINE_END = 0x0a;

interface Header {
  readonly format: string;
  readonly topics: number;
  readonly dimension: number;
  readonly heaviest: number;
  /** Of the parts in order, in bytes. */
  readonly bytes: readonly number[];
}

/**
 * A line of JSON, then the parts, each from a multiple of eight bytes on; numbers are little-endian. What is read needs no more than views
 * of the parts: whatever is sorted, numbered or cut is so in the file.
 */
export function encodeWordTopics(words: WordTopics): Uint8Array {
  const { topics, dimension, heaviest, subjects, starts, topicOf, weights, projection } = words;
  const { units, begins, kinds, firsts, seconds } = subjects;
  const parts = [units, begins, kinds, firsts, seconds, starts, topicOf, weights, projection].map(
    ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
  );
  const header: Header = { format: FORMAT, topics, dimension, heaviest, bytes: parts.map((part) => part.length) };
  const line = new TextEncoder().encode(`${JSON.stringify(header)}\n`);
  const all = new Uint8Array([line, ...parts].reduce((sum, part) => sum + aligned(part.length), 0));
  let at = 0;
  for (const part of [line, ...parts]) {
    all.set(part, at);
    at += aligned(part.length);
  }
  return all;
}

/**
 * @param bytes belong to what is returned, which looks into them.
 * @throws Error when the bytes are not of this form.
 */
export function decodeWordTopics(bytes: Uint8Array): WordTopics {
  const lineEnd = bytes.indexOf(LINE_END) + 1;
  const header: unknown = lineEnd === 0 ? undefined : JSON.parse(new TextDecoder().decode(bytes.subarray(0, lineEnd)));
  if (!isHeader(header)) throw new Error(`the word vectors are not of the form ${FORMAT}`);
  // A part of a larger buffer may begin anywhere, views of numbers only at a multiple of their size.
  const { buffer, byteOffset } = bytes.byteOffset % ALIGNED === 0 ? bytes : new Uint8Array(bytes);
  let at = aligned(lineEnd);
  const spans = header.bytes.map((length) => {
    const begin = at;
    at += aligned(length);
    return { begin: byteOffset + begin, length };
  });
  const [units, begins, kinds, firsts, seconds, starts, topicOf, weights, projection] = spans;
  const isWhole = units && begins && kinds && firsts && seconds && starts && topicOf && weights && projection;
  if (!isWhole || at > bytes.length) throw new Error("the file of word vectors is cut off");
  const shorts = ({ begin, length }: typeof units) => new Uint16Array(buffer, begin, length / 2);
  const longs = ({ begin, length }: typeof units) => new Uint32Array(buffer, begin, length / 4);
  const octets = ({ begin, length }: typeof units) => new Uint8Array(buffer, begin, length);
  const words: WordTopics = {
    topics: header.topics,
    dimension: header.dimension,
    heaviest: header.heaviest,
    subjects: {
      units: shorts(units),
      begins: longs(begins),
      kinds: octets(kinds),
      firsts: shorts(firsts),
      seconds: shorts(seconds),
    },
    starts: longs(starts),
    topicOf: shorts(topicOf),
    weights: octets(weights),
    projection: new Float32Array(buffer, projection.begin, projection.length / 4),
  };
  if (!fits(words)) throw new Error("the parts of the file of word vectors do not fit each other");
  return words;
}

function fits({ topics, dimension, subjects, starts, topicOf, weights, projection }: WordTopics): boolean {
  const { units, begins, kinds, firsts, seconds } = subjects;
  return (
    begins.length === kinds.length + 1 &&
    begins.at(-1) === units.length &&
    firsts.length === seconds.length &&
    starts.length === kinds.length + firsts.length + 1 &&
    starts.at(-1) === weights.length &&
    topicOf.length === weights.length &&
    projection.length === topics * dimension
  );
}

const aligned = (length: number) => Math.ceil(length / ALIGNED) * ALIGNED;

function isHeader(value: unknown): value is Header {
  return typeof value === "object" && value !== null && "format" in value && value.format === FORMAT;
}
