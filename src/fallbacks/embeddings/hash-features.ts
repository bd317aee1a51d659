import { createPairTable, textOfUnits, unitsOf } from "../../text/pair-table.ts";
import type { Token } from "../../text/tokenise.ts";
import { createGramNumbers, type GramNumbers, hashOf } from "./hash-grams.ts";

/** Makes the features of one text after the other. */
export interface Features {
  /** Those of a text, in the order in which they come, are then in `hashes`, `weights` and `counts`, from 0 up: so many of them. */
  read(tokens: readonly Token[]): number;
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
/** Features that are kept with their hashes, and n-grams of words, some 25 MB at most: most words of a text are words of the last one. */
const MOST_FEATURES = 200_000;
const MOST_GRAMS = 1_000_000;

/**
 * In arrays by number: hashing names anew would take most of the time, and objects of their own most of the rest.
 * @param limits what may be kept, to begin anew with the next text.
 */
export function createFeatures(limits = { features: MOST_FEATURES, grams: MOST_GRAMS }): Features {
  const longPairs = new Map<string, number>();
  const pairs = createPairTable((units) => numberOf(hashOf(`p ${textOfUnits(units)}`)));
  const shortWords = createPairTable((units) => createWord(textOfUnits(units)));
  /** By term. */
  const words = new Map<string, Word>();
  let numbers: GramNumbers = createGramNumbers(numberOf);
  let grams = new Uint32Array(1_024);
  let gramsUsed = 0;
  /** By feature: its hash, and one more than its place in the text that was read last, counted on from those before. */
  let hashOfFeature = new Uint32Array(1_024);
  let placeOfFeature = new Float64Array(1_024);
  let features = 0;
  let read = 0;
  let hashes = new Uint32Array(1_024);
  let weights = new Float64Array(1_024);
  let counts = new Uint32Array(1_024);
  let count = 0;

  function numberOf(hash: number): number {
    if (features === hashOfFeature.length) {
      hashOfFeature = doubled(hashOfFeature);
      placeOfFeature = doubled(placeOfFeature);
    }
    hashOfFeature[features] = hash;
    placeOfFeature[features] = 0;
    features += 1;
    return features - 1;
  }

  function wordOf(term: string): Word {
    if (term.length === 1 || term.length === 2) return shortWords.of(unitsOf(term));
    const known = words.get(term);
    if (known) return known;
    const word = createWord(term);
    words.set(term, word);
    return word;
  }

  function createWord(term: string): Word {
    const names = /[^\p{Script=Latin}\p{N}]/u.test(term) ? [] : numbers.of(term);
    while (gramsUsed + names.length > grams.length) grams = doubled(grams);
    grams.set(names, gramsUsed);
    const word = { whole: numberOf(hashOf(`w ${term}`)), from: gramsUsed, to: gramsUsed + names.length };
    gramsUsed = word.to;
    return word;
  }

  function pairOf(term: string): number {
    if (term.length === 2) return pairs.of(unitsOf(term));
    const known = longPairs.get(term);
    if (known !== undefined) return known;
    const pair = numberOf(hashOf(`p ${term}`));
    longPairs.set(term, pair);
    return pair;
  }

  function add(feature: number, weight: number): void {
    const place = (placeOfFeature[feature] ?? 0) - read - 1;
    if (place >= 0) {
      counts[place] = (counts[place] ?? 0) + 1;
      return;
    }
    if (count === hashes.length) {
      hashes = doubled(hashes);
      weights = doubled(weights);
      counts = doubled(counts);
    }
    hashes[count] = hashOfFeature[feature] ?? 0;
    weights[count] = weight;
    counts[count] = 1;
    count += 1;
    placeOfFeature[feature] = read + count;
  }

  function forget(): void {
    longPairs.clear();
    pairs.clear();
    shortWords.clear();
    words.clear();
    numbers = createGramNumbers(numberOf);
    gramsUsed = 0;
    features = 0;
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
    read(tokens) {
      if (features > limits.features || gramsUsed > limits.grams) forget();
      read += count;
      count = 0;
      for (const { term, kind, stop } of tokens) {
        if (kind === "pair") {
          add(pairOf(term), PAIR_WEIGHT);
          continue;
        }
        const { whole, from, to } = wordOf(term);
        add(whole, stop ? STOP_WEIGHT : 1);
        if (kind !== "word" || stop) continue;
        // The squared length of the grams together is to be GRAM_SHARE squared.
        const weight = GRAM_SHARE / Math.sqrt(to - from);
        for (let at = from; at < to; at += 1) add(grams[at] ?? 0, weight);
      }
      return count;
    },
  };
}

interface Word {
  readonly whole: number;
  /** Its n-grams are from here to before `to` among those of all words; none where the script is not Latin. */
  readonly from: number;
  readonly to: number;
}

function doubled<T extends Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>>(array: T): T {
  const larger = new (array.constructor as new (length: number) => T)(array.length * 2);
  larger.set(array);
  return larger;
}
