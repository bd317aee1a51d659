import { detectLanguage, type Language } from "../text/language.ts";
import { remember } from "../text/remember.ts";
import { type Carry, NO_CARRY, type Token, tokeniseAfter } from "../text/tokenise.ts";
import type { StoredDocument } from "./ingest.ts";
import { placeOf } from "./library-chunk.ts";
import { passageKey } from "./passage-key.ts";
import type { PackedVectors, PackedWords } from "./prepared.ts";
import type { Work } from "./slices.ts";
import { passageLines } from "./terms.ts";
import { createWordsPacker } from "./words-pack.ts";

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
  /** But for the terms, which are faster on the way as one text. */
  readonly words: Omit<PackedWords, "terms">;
  /** Between line breaks, which are in no term. */
  readonly terms: string;
  /** Between line breaks. */
  readonly keys: string;
  /** Index in `LANGUAGES`. */
  readonly languages: Uint8Array<ArrayBuffer>;
  readonly vectors?: PackedVectors;
}

export const LANGUAGES: readonly Language[] = ["en", "zh"];

/** Makes the vector of a text from its tokens, as the local embeddings do. */
export interface TokenVectors {
  readonly space: string;
  readonly dimension: number;
  /** Into a row of zeros, which stays as it is when there is nothing to make a vector from. */
  write(tokens: readonly Token[], row: Float32Array): void;
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
export function* preparePassages(task: PassagesTask, vectors?: TokenVectors): Work<PreparedPassages> {
  const places = task.headings.map((heading) => placeOf(task.title, heading));
  const passages = task.places.length / 3;
  const packer = createWordsPacker();
  const languages = new Uint8Array(passages);
  const keys: string[] = [];
  const dimension = passages <= MOST_WITH_VECTORS ? (vectors?.dimension ?? 0) : 0;
  const values = new Float32Array(passages * dimension);
  const lineOf = createLines();
  for (let index = 0; index < passages; index += 1) {
    const [heading = 0, start = 0, end = 0] = task.places.subarray(index * 3, index * 3 + 3);
    const { path, topic } = places[heading] ?? placeOf(task.title, "");
    const passage = { path, topic, text: task.text.slice(start, end) };
    const lines = passageLines(passage);
    packer.add(termsOf(lines, lineOf));
    keys.push(passageKey(passage));
    languages[index] = Math.max(0, LANGUAGES.indexOf(detectLanguage(passage.text)));
    if (dimension > 0) {
      vectors?.write(tokensOf(lines, lineOf), values.subarray(index * dimension, (index + 1) * dimension));
    }
    yield end - start + path.length + topic.length;
  }
  const { terms, ...words } = packer.finish();
  const prepared = { words, terms: terms.join("\n"), keys: keys.join("\n"), languages };
  return vectors && dimension > 0 ? { ...prepared, vectors: { space: vectors.space, dimension, values } } : prepared;
}

type Line = ReturnType<typeof tokeniseAfter>;

/** The last lines with their tokens: neighbouring passages have the same headings, and each passage is needed twice. */
function createLines(): (line: string) => Line {
  return remember(8, (line) => tokeniseAfter(line, NO_CARRY));
}

function termsOf(lines: readonly string[], lineOf: (line: string) => Line): readonly string[] {
  const terms: string[] = [];
  for (const line of lines) for (const { term } of lineOf(line).tokens) terms.push(term);
  return terms;
}

/** As if the lines were one text. */
function tokensOf(lines: readonly string[], lineOf: (line: string) => Line): readonly Token[] {
  const tokens: Token[] = [];
  let carry: Carry = NO_CARRY;
  for (const text of lines) {
    const line: Line = carry.denied || carry.asked ? tokeniseAfter(text, carry) : lineOf(text);
    carry = line;
    for (const token of line.tokens) tokens.push(token);
  }
  return tokens;
}
