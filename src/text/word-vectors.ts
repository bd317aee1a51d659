import { readFileSync } from "node:fs";
import type { Token } from "./tokenise.ts";
import { decodeWordTopics, type WordTopics } from "./word-vectors-format.ts";

/**
 * What of a text its meaning is made of: its words and pairs of characters without those of grammar. A word of two characters is also
 * a pair, and counts twice where it is both.
 */
export function subjectsOf(tokens: readonly Token[]): ReadonlySet<string> {
  const subjects = new Set<string>();
  for (const { term, kind, stop } of tokens) if (!stop) subjects.add(kind === "pair" ? PAIR + term : term);
  return subjects;
}

/** Tells a pair of characters from the word that it may be. */
const PAIR = "~";
export const isPair = (subject: string) => subject.startsWith(PAIR);
const termOf = (subject: string) => (isPair(subject) ? subject.slice(PAIR.length) : subject);
/** Length of a sum of word vectors that is half sure: about that of the median question of the sample's sets. */
const HALF_SURE = 0.65;

/** A part of a text by the numbers of its subjects, and how much it counts. */
export interface WeighedSubjects {
  readonly subjects: Iterable<number>;
  readonly weight: number;
}

/** What a text is about, as far as its words are known. */
export interface Meaning {
  /** Of length 1: the cosine of two is near 1 where the same matter of support is spoken of, in whatever words, also of another language. */
  readonly vector: Float32Array;
  /** How much the words tell together, 0 to 1: little where few are known or each speaks of something else. */
  readonly sureness: number;
}

export interface WordVectors {
  readonly dimension: number;
  /** The numbers of the subjects of a text that are known, each once. */
  subjectsIn(tokens: Iterable<Token>): ReadonlySet<number>;
  /** Absent when no word is known. */
  meaningOf(parts: readonly WeighedSubjects[]): Meaning | undefined;
  /**
   * Visits the known words of any language, and pairs of characters as a text's terms have them, with how much each says of the same;
   * what says nothing of it is left out. A term that is both a word and a pair comes twice.
   */
  compare(meaning: Meaning, visit: (term: string, says: number) => void): void;
}

/** Topics that are added to a vector together. */
const AT_ONCE = 8;
type Eight = [number, number, number, number, number, number, number, number];

let shipped: WordVectors | undefined;

/** Those of `resources/words`, read when they are asked for the first time. */
export function wordVectors(): WordVectors {
  shipped ??= createWordVectors(
    decodeWordTopics(readFileSync(new URL("../../resources/words/word-topics.bin", import.meta.url))),
  );
  return shipped;
}

export function createWordVectors(words: WordTopics): WordVectors {
  const { topics, dimension, starts, topicOf, weights } = words;
  /** Apart from each other, so that the text of a pair is looked up as it comes. */
  const wordAt = new Map<string, number>();
  const pairAt = new Map<string, number>();
  for (const [at, term] of words.terms.entries()) (isPair(term) ? pairAt : wordAt).set(termOf(term), at);
  const plain = words.terms.map(termOf);
  const unit = words.heaviest / 255;
  // Wider than they are kept, so that no number of the sums is converted.
  const projection = new Float64Array((topics + 1) * dimension);
  projection.set(words.projection);
  /** By topic; of what is behind the last one, 0. */
  const sums = new Float64Array(topics + 1);
  const held = new Uint16Array(topics + AT_ONCE);

  function add(at: number, weight: number): void {
    const end = starts[at + 1] as number;
    for (let index = starts[at] as number; index < end; index += 1) {
      const topic = topicOf[index] as number;
      sums[topic] = (sums[topic] as number) + weight * unit * (weights[index] as number);
    }
  }

  /** The topics of the sums, behind them some that are none, whose sum is 0. @returns how many there are. */
  function gatherTopics(): number {
    let count = 0;
    for (let topic = 0; topic < topics; topic += 1) {
      if (sums[topic] === 0) continue;
      held[count] = topic;
      count += 1;
    }
    held.fill(topics, count);
    return count;
  }

  /** Eight topics at a time: each number of the vector is read and written an eighth as often. */
  function project(): Float64Array {
    const vector = new Float64Array(dimension);
    const count = gatherTopics();
    for (let at = 0; at < count; at += AT_ONCE) {
      const [t0, t1, t2, t3, t4, t5, t6, t7] = held.subarray(at, at + AT_ONCE) as unknown as Eight;
      const [s0, s1, s2, s3] = [sums[t0], sums[t1], sums[t2], sums[t3]] as [number, number, number, number];
      const [s4, s5, s6, s7] = [sums[t4], sums[t5], sums[t6], sums[t7]] as [number, number, number, number];
      const [p0, p1, p2, p3] = [t0 * dimension, t1 * dimension, t2 * dimension, t3 * dimension];
      const [p4, p5, p6, p7] = [t4 * dimension, t5 * dimension, t6 * dimension, t7 * dimension];
      for (let axis = 0; axis < dimension; axis += 1) {
        vector[axis] =
          (vector[axis] as number) +
          s0 * (projection[p0 + axis] as number) +
          s1 * (projection[p1 + axis] as number) +
          s2 * (projection[p2 + axis] as number) +
          s3 * (projection[p3 + axis] as number) +
          s4 * (projection[p4 + axis] as number) +
          s5 * (projection[p5 + axis] as number) +
          s6 * (projection[p6 + axis] as number) +
          s7 * (projection[p7 + axis] as number);
      }
    }
    return vector;
  }

  /** How much each topic has of the meaning. */
  function topicsOf({ vector }: Meaning): Float64Array {
    const all = new Float64Array(topics);
    for (let topic = 0; topic < topics; topic += 1) {
      let sum = 0;
      const row = topic * dimension;
      for (let axis = 0; axis < dimension; axis += 1)
        sum += (vector[axis] as number) * (projection[row + axis] as number);
      all[topic] = sum * unit;
    }
    return all;
  }

  return {
    dimension,
    subjectsIn(tokens) {
      const known = new Set<number>();
      for (const { term, kind, stop } of tokens) {
        const at = stop ? undefined : (kind === "pair" ? pairAt : wordAt).get(term);
        if (at !== undefined) known.add(at);
      }
      return known;
    },
    compare(meaning, visit) {
      const told = topicsOf(meaning);
      for (const [at, term] of plain.entries()) {
        let says = 0;
        const end = starts[at + 1] as number;
        for (let index = starts[at] as number; index < end; index += 1)
          says += (weights[index] as number) * (told[topicOf[index] as number] as number);
        if (says > 0) visit(term, says);
      }
    },
    meaningOf(parts) {
      sums.fill(0);
      for (const { subjects, weight } of parts) for (const subject of subjects) add(subject, weight);
      const vector = project();
      let squares = 0;
      for (const value of vector) squares += value * value;
      const length = Math.sqrt(squares);
      if (length === 0) return undefined;
      return {
        vector: new Float32Array(vector.map((value) => value / length)),
        sureness: length / (length + HALF_SURE),
      };
    },
  };
}

/** From -1 to 1. */
export function cosineOf(left: Meaning, right: Meaning): number {
  let product = 0;
  for (let axis = 0; axis < left.vector.length; axis += 1)
    product += (left.vector[axis] as number) * (right.vector[axis] as number);
  return product;
}
