import { tokenise } from "../../text/tokenise.ts";
import { LayerError } from "../core/errors.ts";
import type { Embeddings } from "./port.ts";

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

/**
 * Feature hashing (Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", 2009): each word and each
 * character n-gram adds its weight, with a sign of its own, at a place of its own; repeats count by 1 + ln(n). Near texts
 * get near vectors, in English and in Chinese. Equal on every machine; knows nothing of meaning: synonyms are far apart.
 * @throws {RangeError} when the dimension is not allowed.
 */
export function createHashEmbeddings(options: HashEmbeddingsOptions = {}): Embeddings {
  const dimension = options.dimension ?? DEFAULT_DIMENSION;
  if (!Number.isInteger(Math.log2(dimension)) || dimension < 64 || dimension > 4096) {
    throw new RangeError(`dimension is ${dimension}; allowed is a power of two from 64 to 4096`);
  }
  return {
    name: "hash",
    space: `hash-${REVISION}-${dimension}`,
    dimension,
    async embed(texts, _kind, context) {
      if (context.signal.aborted) throw new LayerError("aborted", "the caller went away");
      return texts.map((text) => vectorOf(text, dimension));
    },
  };
}

interface Feature {
  readonly weight: number;
  count: number;
}

function vectorOf(text: string, dimension: number): Float32Array | undefined {
  const vector = new Float32Array(dimension);
  for (const [name, { weight, count }] of featuresOf(text)) {
    const hash = hashOf(name);
    // The lowest bits choose the place, the highest one, which no place uses, the sign.
    const sign = hash >>> 31 === 0 ? 1 : -1;
    const place = hash & (dimension - 1);
    vector[place] = (vector[place] ?? 0) + sign * weight * (1 + Math.log(count));
  }
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return length > 0 ? vector.map((value) => value / length) : undefined;
}

function featuresOf(text: string): ReadonlyMap<string, Feature> {
  const features = new Map<string, Feature>();
  const add = (name: string, weight: number) => {
    const known = features.get(name);
    if (known) known.count += 1;
    else features.set(name, { weight, count: 1 });
  };
  for (const { term, kind, stop } of tokenise(text)) {
    if (kind === "pair") add(`p ${term}`, PAIR_WEIGHT);
    else add(`w ${term}`, stop ? STOP_WEIGHT : 1);
    if (kind !== "word" || stop || /[^\p{Script=Latin}\p{N}]/u.test(term)) continue;
    const grams = gramsOf(term);
    // The squared length of the grams together is to be GRAM_SHARE squared.
    for (const gram of grams) add(`g ${gram}`, GRAM_SHARE / Math.sqrt(grams.length));
  }
  return features;
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
