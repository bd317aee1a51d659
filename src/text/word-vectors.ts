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

/** A part of a text, and how much it counts. */
export interface WeighedSubjects {
  readonly subjects: Iterable<string>;
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
  /** Absent when no word is known. */
  meaningOf(parts: readonly WeighedSubjects[]): Meaning | undefined;
  /**
   * Visits the known words of any language, and pairs of characters as a text's terms have them, with how much each says of the same;
   * what says nothing of it is left out. A term that is both a word and a pair comes twice.
   */
  compare(meaning: Meaning, visit: (term: string, says: number) => void): void;
}

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
  const termAt = new Map(words.terms.map((term, at) => [term, at]));
  const plain = words.terms.map(termOf);
  const unit = words.heaviest / 255;
  // Wider than they are kept, so that no number of the sums is converted.
  const rows = Math.ceil(topics / 4) * 4;
  const projection = new Float64Array(rows * dimension);
  projection.set(words.projection);
  const sums = new Float64Array(rows);

  function add(at: number, weight: number): void {
    const end = starts[at + 1] as number;
    for (let index = starts[at] as number; index < end; index += 1) {
      const topic = topicOf[index] as number;
      sums[topic] = (sums[topic] as number) + weight * unit * (weights[index] as number);
    }
  }

  /** Four topics at a time: each number of the vector is read and written a quarter as often. */
  function project(): Float64Array {
    const vector = new Float64Array(dimension);
    for (let topic = 0; topic < topics; topic += 4) {
      // Rows behind the last are of no topic: their sums are 0.
      const [a, b, c, d] = [sums[topic], sums[topic + 1], sums[topic + 2], sums[topic + 3]] as [
        number,
        number,
        number,
        number,
      ];
      if (a === 0 && b === 0 && c === 0 && d === 0) continue;
      const at = topic * dimension;
      const [second, third, fourth] = [at + dimension, at + 2 * dimension, at + 3 * dimension];
      for (let axis = 0; axis < dimension; axis += 1) {
        vector[axis] =
          (vector[axis] as number) +
          a * (projection[at + axis] as number) +
          b * (projection[second + axis] as number) +
          c * (projection[third + axis] as number) +
          d * (projection[fourth + axis] as number);
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
      for (const { subjects, weight } of parts) {
        for (const subject of subjects) {
          const at = termAt.get(subject);
          if (at !== undefined) add(at, weight);
        }
      }
      const vector = project();
      const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
      if (length === 0) return undefined;
      return { vector: Float32Array.from(vector, (value) => value / length), sureness: length / (length + HALF_SURE) };
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
