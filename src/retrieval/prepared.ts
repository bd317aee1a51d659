import type { CallContext } from "../fallbacks/core/context.ts";
import type { StoredDocument } from "./ingest.ts";
import type { LibraryChunk } from "./library-chunk.ts";

/** The words of the passages of one document, packed. Passage i has the entries from `starts[i]` to before `starts[i + 1]`. */
export interface PackedWords {
  /** Each different term once; those of other documents may be among them, and more may come behind them. */
  readonly terms: readonly string[];
  /** One longer than there are passages. */
  readonly starts: Uint32Array;
  /** Index in `terms`; in a passage each term is once. */
  readonly entries: Uint32Array;
  /** How often the passage has the term, 1 to 65,535. */
  readonly counts: Uint16Array;
  /** For each passage how many terms it has, repeats counted. */
  readonly lengths: Uint32Array;
}

/** One unit vector for each passage of a document, one behind the other; a row of zeros stands for none. */
export interface PackedVectors {
  readonly space: string;
  readonly dimension: number;
  readonly values: Float32Array;
}

/** A document with everything that takes long done, so that it goes live in one instant. */
export interface PreparedDocument {
  readonly document: StoredDocument;
  readonly chunks: readonly LibraryChunk[];
  /** For each passage what its vectors are kept under: the same text with the same headings has the same key in all documents. */
  readonly keys: readonly string[];
  /** Absent: the library has them already, from the file of an earlier process. */
  readonly words?: PackedWords;
  /** Of the local embeddings. Absent: they are to be looked up, or made. */
  readonly vectors?: PackedVectors;
}

/** Prepares documents off the event loop, or in small slices on it where there is no thread to be had. */
export interface Preparer {
  /** @throws {LayerError} `aborted`. */
  prepare(document: StoredDocument, context: CallContext): Promise<PreparedDocument>;
  close(): Promise<void>;
}
