import type { CallContext } from "../fallbacks/core/context.ts";
import type { Page } from "../fallbacks/core/page.ts";

/** A stretch of a document. Offsets are UTF-16 units into the document's normalised text. */
export interface Span {
  readonly documentId: string;
  readonly title: string;
  readonly heading: string;
  readonly chunkId: string;
  readonly start: number;
  readonly end: number;
  /** Exactly `text.slice(start, end)` of the document. */
  readonly quote: string;
}

/** The passage behind a sentence of an answer. */
export interface Source extends Span {
  /** How well it fits the question, 0 to 1. */
  readonly score: number;
  readonly url?: string;
}

/** A passage that a search found, with the score of every stage; null where the stage did not see it. */
export interface Passage extends Source {
  readonly stages: {
    /** 1 for the best of that path. */
    readonly vectorRank: number | null;
    readonly lexicalRank: number | null;
    readonly fused: number;
    readonly reranked: number;
  };
}

export interface SearchResult {
  /** Best first, at most `k`, each at least the score threshold. */
  readonly passages: readonly Passage[];
  /** Whether the passages answer the question; when false, nothing may be cited. */
  readonly answerable: boolean;
  /** 0 to 1, comparable between modes. */
  readonly confidence: number;
  /** The sentences that answer, verbatim, in the order to be read; empty when not answerable. */
  readonly sentences: readonly Source[];
}

export interface SearchOptions {
  /** 1 to 20, default 5. */
  readonly k?: number;
}

export interface NewDocument {
  /** File name, with its ending: decides the parser (.md, .markdown, .txt, .text). 1 to 200 characters, no path. */
  readonly name: string;
  readonly content: string;
}

export interface DocumentInfo {
  readonly documentId: string;
  readonly name: string;
  readonly title: string;
  readonly chunks: number;
  /** UTF-16 units of the normalised text. */
  readonly characters: number;
  /** ISO time. */
  readonly addedAt: string;
}

/** All the knowledge of one server: what is stored, and how it is found. */
export interface Knowledge {
  /** Grows by one with each change of what can be found. */
  readonly revision: number;
  readonly documents: number;
  readonly chunks: number;
  /**
   * Stores and indexes a document; found by the next search. The same content under the same name again changes nothing
   * and returns the same document; other content under the same name replaces the old one.
   * @throws {Problem} `document_unreadable` with a reason of its own, `unsupported_media_type`, `invalid_request`.
   */
  add(document: NewDocument, context: CallContext): Promise<DocumentInfo>;
  /** @throws {Problem} `document_not_found`. */
  remove(documentId: string, context: CallContext): Promise<void>;
  /** By document id, `limit` 1 to 200. */
  list(page: { readonly after?: string; readonly limit: number }, context: CallContext): Promise<Page<DocumentInfo>>;
  /** @throws {Problem} `document_not_found`. */
  get(documentId: string, context: CallContext): Promise<DocumentInfo & { readonly text: string }>;
  /** The passage behind a source, whole. @throws {Problem} `passage_not_found`. */
  passage(chunkId: string): Span;
  search(question: string, options: SearchOptions, context: CallContext): Promise<SearchResult>;
}
