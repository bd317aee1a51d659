import { readFileSync } from "node:fs";
import { madeInSteps } from "./in-steps.ts";
import type { Steps } from "./steps.ts";
import { createSubjectNumbers, type KnownToken } from "./subject-numbers.ts";
import { createTokeniser, type Token, type Tokeniser } from "./tokenise.ts";
import { createTopicTerms, type ToldTerm } from "./topic-terms.ts";
import { decodeWordTopics, type WordTopics } from "./word-vectors-format.ts";

/** Length of a sum of word vectors that is half sure: about that of the median question of the sample's sets. */
export const HALF_SURE = 1.4;
/** Above 1 a topic of which several words tell counts for more than as many of which one tells each: measured best from 1.2 to 1.5. */
const AGREEMENT = 1.3;
/** Topics of which a text tells less than this share of what it tells of its first one are left out: measured no worse at 0.05, a little at 0.1. */
const FAINT = 0.05;

/** A part of a text by the numbers of its subjects, and how much it counts. */
export interface WeighedSubjects {
  readonly subjects: readonly number[];
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
  /** As `tokeniseAfter`, with what is known of each token. */
  readonly read: Tokeniser<KnownToken>;
  /** What is known of tokens that were read by others. */
  readonly known: (token: Token) => KnownToken;
  /** The numbers of the subjects of these texts that are known, each once, in the order in which they are said. */
  subjectsIn(texts: readonly (readonly KnownToken[])[]): readonly number[];
  /** Of how many topics a word is said, by logarithm: 0 for a word that is not known, to 1 for one of all of them. */
  spreadOf: (token: Token) => number;
  /** Absent when no word is known. */
  meaningOf(parts: readonly WeighedSubjects[]): Meaning | undefined;
  /**
   * The known words of any language, and pairs of characters as a text's terms have them, with how much each says of the same by
   * the topics that matter most to it, above 0: those first that say most, of equals by their code units. Each is found when it is asked
   * for, and only until another meaning is given. A term that is both a word and a pair comes twice.
   */
  alike(meaning: Meaning): Iterable<ToldTerm>;
}

/**
 * Where words are looked for that say the same, a topic that has less than this share of what the first one has of it is left out. Measured alike
 * at 0.2, which takes a seventh longer for a search.
 */
const SLIGHT = 0.3;

/** Topics that are added to a vector together. */
const AT_ONCE = 8;
type Eight = [number, number, number, number, number, number, number, number];

const shipped = madeInSteps(function* () {
  const bytes = readFileSync(new URL("../../resources/words/word-topics.bin", import.meta.url));
  yield bytes.length;
  return yield* createWordVectors(decodeWordTopics(bytes));
});

/** Those of `resources/words`. What `loadWordVectors` has not done by now is done at once: some hundredths of a second at most. */
export const wordVectors: () => WordVectors = shipped.get;

/** Makes `wordVectors` ready in small steps, for where nothing else may wait that long. */
export const loadWordVectors: () => Steps<WordVectors> = shipped.load;

export function* createWordVectors(words: WordTopics): Steps<WordVectors> {
  const { topics, dimension, starts, topicOf, weights } = words;
  const { known, placesIn, textAt } = yield* createSubjectNumbers(words.subjects);
  const unit = words.heaviest / 255;
  // Wider than they are kept, so that no number of the sums is converted.
  const projection = new Float64Array((topics + 1) * dimension);
  projection.set(words.projection);
  /** By topic; of what is behind the last one, 0. */
  const sums = new Float64Array(topics + 1);
  const held = new Uint16Array(topics + AT_ONCE);
  const byTopic = createTopicTerms(words, textAt);

  function add(at: number, weight: number): void {
    const end = starts[at + 1] as number;
    for (let index = starts[at] as number; index < end; index += 1) {
      const topic = topicOf[index] as number;
      sums[topic] = (sums[topic] as number) + weight * unit * (weights[index] as number);
    }
  }

  /** The topics of the sums that are not faint, behind them some that are none, whose sum is 0. @returns how many there are. */
  function gatherTopics(): number {
    const least = FAINT * sums.reduce((most, sum) => Math.max(most, sum), 0);
    let count = 0;
    for (let topic = 0; topic < topics; topic += 1) {
      const sum = sums[topic] as number;
      if (sum === 0 || sum < least) continue;
      sums[topic] = sum ** AGREEMENT;
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
    read: createTokeniser((term, kind, stop) => known({ term, kind, stop })),
    known,
    subjectsIn: placesIn,
    spreadOf(token) {
      const { at } = known(token);
      const said = at < 0 ? 0 : (starts[at + 1] as number) - (starts[at] as number);
      return Math.log(1 + said) / Math.log(1 + topics);
    },
    alike(meaning) {
      const told = topicsOf(meaning);
      const least = SLIGHT * told.reduce((most, value) => Math.max(most, value), 0);
      return byTopic(told.map((value) => (value >= least ? Math.max(value, 0) : 0)));
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

/** Of a whole text, by the shipped vectors. */
export function meaningOf(tokens: readonly Token[]): Meaning | undefined {
  const vectors = wordVectors();
  return vectors.meaningOf([{ subjects: vectors.subjectsIn([tokens.map(vectors.known)]), weight: 1 }]);
}

/** From -1 to 1. */
export function cosineOf(left: Meaning, right: Meaning): number {
  let product = 0;
  for (let axis = 0; axis < left.vector.length; axis += 1)
    product += (left.vector[axis] as number) * (right.vector[axis] as number);
  return product;
}
