import { isPairCode, isPlainCode, isStopCode, numberOfCode } from "../../text/term-codes.ts";
import { createGramNumbers, type GramNumbers, hashOf } from "./hash-grams.ts";

/** Makes the features of one text after the other. */
export interface Features {
  /** Those of a text, in the order in which they come, are then in `hashes`, `weights` and `counts`, from 0 up: so many of them. */
  read(codes: readonly number[]): number;
  /** Valid until the next call of `read`, as are the others. */
  readonly hashes: Uint32Array;
  readonly weights: Float64Array;
  /** How often the text has the feature, 1 or more. */
  readonly counts: Uint32Array;
}

/** Of one word's weight, shared by all its character n-grams: they bring near "refund" and "refunds", "refnud". */
const GRAM_SHARE = 0.5;
const STOP_WEIGHT = 0.2;
/** Pairs of characters of an unspaced script, beside the words of its segmentation. */
const PAIR_WEIGHT = 0.7;
/** Features that are kept with their hashes, and n-grams of words, some 30 MB at most: most words of a text are words of the last one. */
const MOST_FEATURES = 400_000;
const MOST_GRAMS = 1_000_000;
/** Places are counted on up to here, then from 0 again: no text has as many as are left up to 2^32. */
const MOST_READ = 2 ** 31;

/**
 * In arrays by number: hashing names anew would take most of the time, and objects of their own most of the rest.
 * @param terms those of the tokens, by number; it may grow.
 * @param limits what may be kept, to begin anew with the next text.
 */
export function createFeatures(
  terms: readonly string[],
  limits = { features: MOST_FEATURES, grams: MOST_GRAMS, read: MOST_READ },
): Features {
  let numbers: GramNumbers = createGramNumbers(numberOf);
  let grams = new Uint32Array(1_024);
  let gramsUsed = 0;
  /** By term: one more than its feature as a pair, and as a word; 0 until it is wanted. */
  let pairs = new Uint32Array(1_024);
  let words = new Uint32Array(1_024);
  /** By term: the n-grams of the word are from here to before there in `grams`; none where the script is not Latin. */
  let gramsFrom = new Uint32Array(1_024);
  let gramsTo = new Uint32Array(1_024);
  /**
   * By feature, one beside the other so that a look touches one line of the processor's cache: its hash, and one more than its place in
   * the text that was read last, counted on from those before.
   */
  let known = new Uint32Array(2_048);
  let features = 0;
  let read = 0;
  let hashes = new Uint32Array(1_024);
  let weights = new Float64Array(1_024);
  let counts = new Uint32Array(1_024);
  let count = 0;

  function numberOf(hash: number): number {
    if (features * 2 === known.length) known = doubled(known);
    known[features * 2] = hash;
    known[features * 2 + 1] = 0;
    features += 1;
    return features - 1;
  }

  /** One more than its feature. */
  function createWord(number: number): number {
    const term = terms[number] ?? "";
    const names = /[^\p{Script=Latin}\p{N}]/u.test(term) ? [] : numbers.of(term);
    while (gramsUsed + names.length > grams.length) grams = doubled(grams);
    grams.set(names, gramsUsed);
    gramsFrom[number] = gramsUsed;
    gramsUsed += names.length;
    gramsTo[number] = gramsUsed;
    const word = numberOf(hashOf(`w ${term}`)) + 1;
    words[number] = word;
    return word;
  }

  function createPair(number: number): number {
    const pair = numberOf(hashOf(`p ${terms[number] ?? ""}`)) + 1;
    pairs[number] = pair;
    return pair;
  }

  function add(feature: number, weight: number): void {
    const place = (known[feature * 2 + 1] ?? 0) - read - 1;
    if (place >= 0) {
      counts[place] = (counts[place] ?? 0) + 1;
      return;
    }
    if (count === hashes.length) {
      hashes = doubled(hashes);
      weights = doubled(weights);
      counts = doubled(counts);
    }
    hashes[count] = known[feature * 2] ?? 0;
    weights[count] = weight;
    counts[count] = 1;
    count += 1;
    known[feature * 2 + 1] = read + count;
  }

  function forget(): void {
    pairs.fill(0);
    words.fill(0);
    numbers = createGramNumbers(numberOf);
    gramsUsed = 0;
    features = 0;
  }

  function forgetPlaces(): void {
    for (let at = 1; at < known.length; at += 2) known[at] = 0;
    read = 0;
  }

  function makeRoom(): void {
    while (words.length < terms.length) {
      pairs = doubled(pairs);
      words = doubled(words);
      gramsFrom = doubled(gramsFrom);
      gramsTo = doubled(gramsTo);
    }
  }

  return {
    get hashes() {
      return hashes;
    },
    get weights() {
      return weights;
    },
    get counts() {
      return counts;
    },
    read(codes) {
      if (features > limits.features || gramsUsed > limits.grams) forget();
      makeRoom();
      read += count;
      count = 0;
      if (read > limits.read) forgetPlaces();
      for (const code of codes) {
        const number = numberOfCode(code);
        if (isPairCode(code)) {
          add((pairs[number] || createPair(number)) - 1, PAIR_WEIGHT);
          continue;
        }
        const word = words[number] || createWord(number);
        add(word - 1, isStopCode(code) ? STOP_WEIGHT : 1);
        if (!isPlainCode(code)) continue;
        const from = gramsFrom[number] ?? 0;
        const to = gramsTo[number] ?? 0;
        // The squared length of the grams together is to be GRAM_SHARE squared.
        const weight = GRAM_SHARE / Math.sqrt(to - from);
        for (let at = from; at < to; at += 1) add(grams[at] ?? 0, weight);
      }
      return count;
    },
  };
}

function doubled<T extends Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>>(array: T): T {
  const larger = new (array.constructor as new (length: number) => T)(array.length * 2);
  larger.set(array);
  return larger;
}
