import type { Steps } from "./steps.ts";

/**
 * What is known of words: in which topics of support they occur, and how near topics are to each other. `training/README.md`
 * says how it is made.
 */
export interface WordTopics {
  /** Number of topics. */
  readonly topics: number;
  /** Numbers in a vector of meaning. */
  readonly dimension: number;
  readonly terms: readonly string[];
  /** For each term where its topics begin in `topicOf` and `weights`; one more for the end of the last. */
  readonly starts: Uint32Array;
  readonly topicOf: Uint16Array;
  /** 1 to 255, of `heaviest`. */
  readonly weights: Uint8Array;
  readonly heaviest: number;
  /** For each topic its `dimension` numbers. */
  readonly projection: Float32Array;
}

const FORMAT = "understudy-word-topics-1";
const ALIGNED = 8;
const LINE_END = 0x0a;

interface Header {
  readonly format: string;
  readonly topics: number;
  readonly dimension: number;
  readonly heaviest: number;
  /** Of the parts in order, in bytes: terms, starts, topicOf, weights, projection. */
  readonly bytes: readonly number[];
}

/** A line of JSON, then the parts, each from a multiple of eight bytes on; numbers are little-endian. */
export function encodeWordTopics(words: WordTopics): Uint8Array {
  const parts = [
    new TextEncoder().encode(words.terms.join("\n")),
    bytesOf(words.starts),
    bytesOf(words.topicOf),
    words.weights,
    bytesOf(words.projection),
  ];
  const { topics, dimension, heaviest } = words;
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

/** @throws Error when the bytes are not of this form. */
export function* decodeWordTopics(bytes: Uint8Array): Steps<WordTopics> {
  const lineEnd = bytes.indexOf(LINE_END) + 1;
  const header: unknown = lineEnd === 0 ? undefined : JSON.parse(new TextDecoder().decode(bytes.subarray(0, lineEnd)));
  if (!isHeader(header)) throw new Error(`the word vectors are not of the form ${FORMAT}`);
  let at = aligned(lineEnd);
  const [terms, starts, topicOf, weights, projection] = header.bytes.map((length) => {
    // A copy, as the views below need a beginning of their own; `slice` of a Buffer makes none.
    const part = new Uint8Array(bytes.subarray(at, at + length));
    at += aligned(length);
    return part;
  });
  if (!terms || !starts || !topicOf || !weights || !projection || at > aligned(bytes.length))
    throw new Error("the file of word vectors is cut off");
  const words: WordTopics = {
    topics: header.topics,
    dimension: header.dimension,
    heaviest: header.heaviest,
    terms: yield* linesIn(terms),
    starts: new Uint32Array(starts.buffer),
    topicOf: new Uint16Array(topicOf.buffer),
    weights,
    projection: new Float32Array(projection.buffer),
  };
  if (words.starts.length !== words.terms.length + 1 || words.starts.at(-1) !== words.weights.length)
    throw new Error("the parts of the file of word vectors do not fit each other");
  return words;
}

/** Bytes of one step, and the characters that one takes as long as to be made part of a line. */
const AT_ONCE = 65_536;
const COST = 0.5;

function* linesIn(text: Uint8Array): Steps<readonly string[]> {
  const decoder = new TextDecoder();
  const lines: string[] = [];
  for (let at = 0; at <= text.length; ) {
    const found = text.indexOf(LINE_END, Math.min(at + AT_ONCE, text.length));
    const end = found === -1 ? text.length : found;
    for (const line of decoder.decode(text.subarray(at, end)).split("\n")) lines.push(line);
    yield (end - at) * COST;
    at = end + 1;
  }
  return lines;
}

const aligned = (length: number) => Math.ceil(length / ALIGNED) * ALIGNED;

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array | Uint16Array | Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function isHeader(value: unknown): value is Header {
  return typeof value === "object" && value !== null && "format" in value && value.format === FORMAT;
}
