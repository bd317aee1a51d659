import { createTermCodes } from "../../text/term-codes.ts";
import { NO_CARRY } from "../../text/tokenise.ts";
import { LayerError } from "../core/errors.ts";
import { createFeatures, type Features } from "./hash-features.ts";
import type { LocalEmbeddings } from "./port.ts";

export interface HashEmbeddingsOptions {
  /** Numbers in a vector, a power of two from 64 to 4096. More: fewer features share a place. Default 512. */
  readonly dimension?: number;
}

/** Part of the space: to be raised with every change that moves a vector, one of the list of Chinese words among them. */
const REVISION = 7;
const DEFAULT_DIMENSION = 512;
/** Terms, and UTF-16 units of all of them, that are kept with what is known of them; after more the next text begins anew. */
const MOST_TERMS = 100_000;
const MOST_UNITS = 1_000_000;

/**
 * Feature hashing (Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", 2009): each word and each
 * character n-gram adds its weight, with a sign of its own, at a place of its own; repeats count by 1 + ln(n). Near texts
 * get near vectors, in English and in Chinese. Equal on every machine; knows nothing of meaning: synonyms are far apart.
 * @throws {RangeError} when the dimension is not allowed.
 */
export function createHashEmbeddings(options: HashEmbeddingsOptions = {}): LocalEmbeddings {
  const begin = () => {
    const codes = createTermCodes();
    return { codes, vectors: createTokenVectors(codes.terms, options) };
  };
  let known = begin();
  const { space, dimension } = known.vectors;

  function vectorOf(text: string): Float32Array | undefined {
    if (known.codes.terms.length > MOST_TERMS || known.codes.units() > MOST_UNITS) known = begin();
    const vector = new Float32Array(dimension);
    const { tokens } = known.codes.tokenise(text, NO_CARRY);
    return known.vectors.write(tokens, vector) ? vector : undefined;
  }

  return {
    name: "hash",
    space,
    async embed(texts, _kind, context) {
      if (context.signal.aborted) throw new LayerError("aborted", "the caller went away");
      return { space, vectors: texts.map(vectorOf) };
    },
  };
}

/** The same vectors for whoever has the codes of the tokens of a text already. */
export interface TokenVectors {
  readonly space: string;
  readonly dimension: number;
  /** Into a row of zeros. Returns false, and leaves it so, when the tokens have no direction. */
  write(codes: readonly number[], row: Float32Array): boolean;
}

/**
 * @param terms those of the codes, by number; it may grow.
 * @throws {RangeError} when the dimension is not allowed.
 */
export function createTokenVectors(terms: readonly string[], options: HashEmbeddingsOptions = {}): TokenVectors {
  const dimension = options.dimension ?? DEFAULT_DIMENSION;
  if (!Number.isInteger(Math.log2(dimension)) || dimension < 64 || dimension > 4096) {
    throw new RangeError(`dimension is ${dimension}; allowed is a power of two from 64 to 4096`);
  }
  const features = createFeatures(terms);
  return {
    space: `hash-${REVISION}-${dimension}`,
    dimension,
    write: (codes, row) => writeVector(features, features.read(codes), row),
  };
}

function writeVector({ hashes, weights, counts }: Features, size: number, vector: Float32Array): boolean {
  const lowest = vector.length - 1;
  for (let at = 0; at < size; at += 1) {
    const hash = hashes[at] ?? 0;
    const count = counts[at] ?? 1;
    // The lowest bits choose the place, the highest one, which no place uses, the sign.
    const sign = hash >>> 31 === 0 ? 1 : -1;
    const place = hash & lowest;
    vector[place] = (vector[place] ?? 0) + sign * (weights[at] ?? 0) * (count === 1 ? 1 : 1 + Math.log(count));
  }
  let squares = 0;
  for (const value of vector) squares += value * value;
  const length = Math.sqrt(squares);
  if (length === 0) return false;
  for (let place = 0; place < vector.length; place += 1) vector[place] = (vector[place] ?? 0) / length;
  return true;
}
