import { type Token, tokenise } from "../../text/tokenise.ts";
import { LayerError } from "../core/errors.ts";
import type { LocalEmbeddings } from "./port.ts";

export interface HashEmbeddingsOptions {
  /** Numbers in a vector, a power of two from 64 to 4096. More: fewer features share a place. Default 512. */
  readonly dimension?: number;
}

/** Part of the space: to be raised with every change that moves a vector. */
const REVISION = 1;
const DEFAULT_DIMENSION = 512;
const SHORTEST_GRAM = 3;
const LONGEST_GRAM = 5;
/** Of one word's weight, shared by all its character n-grams: they bring near "refund" and "refunds", "refnud". */
const GRAM_SHARE = 0.5;
const STOP_WEIGHT = 0.2;
/** Pairs of characters of an unspaced script, beside the words of its segmentation. */
const PAIR_WEIGHT = 0.7;
/** Features that are kept with their hashes, some 20 MB at most: most words of a text are words of the last one. */
const MOST_KEPT = 100_000;

/**
 * Feature hashing (Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", 2009): each word and each
 * character n-gram adds its weight, with a sign of its own, at a place of its own; repeats count by 1 + ln(n). Near texts
 * get near vectors, in English and in Chinese. Equal on every machine; knows nothing of meaning: synonyms are far apart.
 * @throws {RangeError} when the dimension is not allowed.
 */
export function createHashEmbeddings(options: HashEmbeddingsOptions = {}): LocalEmbeddings {
  const vectorsOf = createTokenVectors(options);
  const { space, dimension } = vectorsOf;
  return {
    name: "hash",
    space,
    async embed(texts, _kind, context) {
      if (context.signal.aborted) throw new LayerError("aborted", "the caller went away");
      const vectorOf = (text: string) => {
        const vector = new Float32Array(dimension);
        return vectorsOf.write(tokenise(text), vector) ? vector : undefined;
      };
      return { space, vectors: texts.map(vectorOf) };
    },
  };
}

/** The same vectors for whoever has the tokens of a text already. */
export interface TokenVectors {
  readonly space: string;
  readonly dimension: number;
  /** Into a row of zeros. Returns false, and leaves it so, when the tokens have no direction. */
  write(tokens: readonly Token[], row: Float32Array): boolean;
}

/** @throws {RangeError} when the dimension is not allowed. */
export function createTokenVectors(options: HashEmbeddingsOptions = {}): TokenVectors {
  const dimension = options.dimension ?? DEFAULT_DIMENSION;
  if (!Number.isInteger(Math.log2(dimension)) || dimension < 64 || dimension > 4096) {
    throw new RangeError(`dimension is ${dimension}; allowed is a power of two from 64 to 4096`);
  }
  const featuresOf = createFeatures();
  return {
    space: `hash-${REVISION}-${dimension}`,
    dimension,
    write: (tokens, row) => writeVector(featuresOf(tokens), row),
  };
}

interface Feature {
  readonly hash: number;
  /** The number of the text that was last seen to have it; weight and count are of that text. */
  text: number;
  weight: number;
  count: number;
}

interface Word {
  readonly whole: Feature;
  /** Empty where the script is not Latin. */
  readonly grams: readonly Feature[];
}

function writeVector(features: readonly Feature[], vector: Float32Array): boolean {
  const lowest = vector.length - 1;
  for (const { hash, weight, count } of features) {
    // The lowest bits choose the place, the highest one, which no place uses, the sign.
    const sign = hash >>> 31 === 0 ? 1 : -1;
    const place = hash & lowest;
    vector[place] = (vector[place] ?? 0) + sign * weight * (count === 1 ? 1 : 1 + Math.log(count));
  }
  let squares = 0;
  for (const value of vector) squares += value * value;
  const length = Math.sqrt(squares);
  if (length === 0) return false;
  for (let place = 0; place < vector.length; place += 1) vector[place] = (vector[place] ?? 0) / length;
  return true;
}

/** The features of one text at a time, valid until the next call: hashing names anew would take most of the time. */
function createFeatures(): (tokens: readonly Token[]) => readonly Feature[] {
  const grams = new Map<string, Feature>();
  const pairs = new Map<string, Feature>();
  const words = new Map<string, Word>();
  let kept = 0;
  let current = 0;

  function created(name: string): Feature {
    kept += 1;
    return { hash: hashOf(name), text: 0, weight: 0, count: 0 };
  }

  function gramOf(gram: string): Feature {
    const known = grams.get(gram);
    if (known) return known;
    const feature = created(`g ${gram}`);
    grams.set(gram, feature);
    return feature;
  }

  function wordOf(term: string): Word {
    const known = words.get(term);
    if (known) return known;
    const names = /[^\p{Script=Latin}\p{N}]/u.test(term) ? [] : gramsOf(term);
    const word = { whole: created(`w ${term}`), grams: names.map(gramOf) };
    words.set(term, word);
    kept += word.grams.length;
    return word;
  }

  function pairOf(term: string): Feature {
    const known = pairs.get(term);
    if (known) return known;
    const pair = created(`p ${term}`);
    pairs.set(term, pair);
    return pair;
  }

  return (tokens) => {
    if (kept > MOST_KEPT) {
      grams.clear();
      pairs.clear();
      words.clear();
      kept = 0;
    }
    current += 1;
    const features: Feature[] = [];
    const add = (feature: Feature, weight: number) => {
      if (feature.text === current) {
        feature.count += 1;
        return;
      }
      feature.text = current;
      feature.weight = weight;
      feature.count = 1;
      features.push(feature);
    };
    for (const { term, kind, stop } of tokens) {
      if (kind === "pair") {
        add(pairOf(term), PAIR_WEIGHT);
        continue;
      }
      const { whole, grams } = wordOf(term);
      add(whole, stop ? STOP_WEIGHT : 1);
      if (kind !== "word" || stop) continue;
      // The squared length of the grams together is to be GRAM_SHARE squared.
      const weight = GRAM_SHARE / Math.sqrt(grams.length);
      for (const gram of grams) add(gram, weight);
    }
    return features;
  };
}

function gramsOf(word: string): readonly string[] {
  const marked = `<${word}>`;
  const grams: string[] = [];
  for (let size = SHORTEST_GRAM; size <= LONGEST_GRAM; size += 1) {
    for (let at = 0; at + size <= marked.length; at += 1) grams.push(marked.slice(at, at + size));
  }
  return grams;
}

/** FNV-1a over UTF-16 units, then the finaliser of MurmurHash3, without which the high bits of short names are alike. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at += 1) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
