import { detectLanguage, type Language } from "../text/language.ts";
import { remember } from "../text/remember.ts";
import { createTermCodes, type TermCodes } from "../text/term-codes.ts";
import { type Carry, NO_CARRY, type Tokens } from "../text/tokenise.ts";
import type { StoredDocument } from "./ingest.ts";
import { placeOf } from "./library-chunk.ts";
import { passageKey } from "./passage-key.ts";
import type { PackedVectors, PackedWords } from "./prepared.ts";
import type { Work } from "./slices.ts";
import { passageLines } from "./terms.ts";
import { createTermPlaces, createWordsPacker, type TermPlaces } from "./words-pack.ts";

/** The passages of a document, in a form that goes to a thread quickly. */
export interface PassagesTask {
  readonly title: string;
  readonly text: string;
  /** Each different heading once. */
  readonly headings: readonly string[];
  /** For each passage: the index of its heading, where it starts, where it ends. */
  readonly places: Uint32Array<ArrayBuffer>;
}

export interface PreparedPassages {
  readonly words: PackedWords;
  /** Between line breaks. */
  readonly keys: string;
  /** Index in `LANGUAGES`. */
  readonly languages: Uint8Array<ArrayBuffer>;
  readonly vectors?: PackedVectors;
}

export const LANGUAGES: readonly Language[] = ["en", "zh"];

/** Makes the vector of a text from the codes of its tokens, as the local embeddings do. */
export interface TokenVectors {
  readonly space: string;
  readonly dimension: number;
  /** Into a row of zeros, which stays as it is when there is nothing to make a vector from. */
  write(codes: readonly number[], row: Float32Array): void;
}

/** What is kept from one document to the next: most of their terms are the same. */
export interface Preparing {
  readonly codes: TermCodes;
  readonly termPlaces: TermPlaces;
  readonly vectors?: TokenVectors;
}

/** Terms, and UTF-16 units of all of them, that are kept at the beginning of a document; after more everything is forgotten: with n-grams some 80 MB. */
const MOST_TERMS = 400_000;
const MOST_UNITS = 4_000_000;

/**
 * @param vectorsOf makes vectors for codes of these terms. Absent: only words are made.
 * @returns what to prepare the next document with, the same as before or new.
 */
export function createPreparing(vectorsOf?: (terms: readonly string[]) => TokenVectors): () => Preparing {
  let kept: Preparing | undefined;
  return () => {
    if (kept && kept.codes.terms.length <= MOST_TERMS && kept.codes.units() <= MOST_UNITS) return kept;
    const codes = createTermCodes();
    const termPlaces = createTermPlaces();
    kept = vectorsOf ? { codes, termPlaces, vectors: vectorsOf(codes.terms) } : { codes, termPlaces };
    return kept;
  };
}

/** More passages than that are given no vectors here: it would be 64 MB at once. */
const MOST_WITH_VECTORS = 32_768;

export function passagesTask({ title, text, chunks }: StoredDocument): PassagesTask {
  const headings = new Map<string, number>();
  const places = new Uint32Array(chunks.length * 3);
  for (const [index, { heading, start, end }] of chunks.entries()) {
    const known = headings.get(heading) ?? headings.size;
    headings.set(heading, known);
    places.set([known, start, end], index * 3);
  }
  return { title, text, headings: [...headings.keys()], places };
}

/** Each text is made into tokens once, for its words and for its vector. */
export function* preparePassages(
  task: PassagesTask,
  { codes, termPlaces, vectors }: Preparing,
): Work<PreparedPassages> {
  const places = task.headings.map((heading) => placeOf(task.title, heading));
  const passages = task.places.length / 3;
  const packer = createWordsPacker(codes.terms, passages, termPlaces);
  const languages = new Uint8Array(passages);
  const keys: string[] = [];
  const dimension = passages <= MOST_WITH_VECTORS ? (vectors?.dimension ?? 0) : 0;
  const values = new Float32Array(passages * dimension);
  const lines = createLines(codes);
  for (let index = 0; index < passages; index += 1) {
    const [heading = 0, start = 0, end = 0] = task.places.subarray(index * 3, index * 3 + 3);
    const { path, topic } = places[heading] ?? placeOf(task.title, "");
    const passage = { path, topic, text: task.text.slice(start, end) };
    lines.read(passageLines(passage));
    packer.add(lines.own);
    keys.push(passageKey(passage));
    languages[index] = Math.max(0, LANGUAGES.indexOf(detectLanguage(passage.text)));
    if (dimension > 0) {
      vectors?.write(lines.together(), values.subarray(index * dimension, (index + 1) * dimension));
    }
    // A script without spaces has a token for every character, and more.
    yield end - start + path.length + topic.length + 2 * lines.own.length;
  }
  const prepared = { words: packer.finish(), keys: keys.join("\n"), languages };
  return vectors && dimension > 0 ? { ...prepared, vectors: { space: vectors.space, dimension, values } } : prepared;
}

/** The lines of one passage after the other, each made into tokens once, however often it comes. */
function createLines({ tokenise }: TermCodes) {
  // Neighbouring passages have the same headings.
  const lineOf = remember(8, (line) => tokenise(line, NO_CARRY));
  let lines: readonly string[] = [];
  let read: readonly Tokens<number>[] = [];
  let own: readonly number[] = [];
  return {
    read(next: readonly string[]): void {
      lines = next;
      read = next.map(lineOf);
      own = joined(read);
    },
    /** The tokens of each line by itself. */
    get own() {
      return own;
    },
    /** As if the lines were one text. */
    together(): readonly number[] {
      // What ends with "how" or "not" changes what follows.
      if (!read.some(({ denied, asked }) => denied || asked)) return own;
      let carry: Carry = NO_CARRY;
      return joined(
        lines.map((text, at) => {
          const line = read[at];
          const next = line && !carry.denied && !carry.asked ? line : tokenise(text, carry);
          carry = next;
          return next;
        }),
      );
    },
  };
}

function joined(lines: readonly Tokens<number>[]): readonly number[] {
  const all: number[] = [];
  for (const { tokens } of lines) for (const token of tokens) all.push(token);
  return all;
}
