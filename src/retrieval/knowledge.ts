import type { CallContext } from "../fallbacks/core/context.ts";
import type { Page } from "../fallbacks/core/page.ts";
import type { Degradation } from "../fallbacks/core/status.ts";
import type { Language } from "../text/language.ts";

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
  /** Where the document was fetched from. */
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
    /** What the score goes by, see `Features`. */
    readonly features: Readonly<Record<string, number>>;
  };
}

export interface SearchResult {
  /** Best first, at most `k`, each at least the score threshold. No two have the same text. */
  readonly passages: readonly Passage[];
  /** Whether the passages answer the question; when false, nothing may be cited. */
  readonly answerable: boolean;
  /** 0 to 1, comparable between modes. */
  readonly confidence: number;
  /** The sentences that answer, verbatim, in the order to be read; empty when not answerable. */
  readonly sentences: readonly Source[];
  /**
   * What somebody who understands it is to read for the answer: passages worth it, whole, best first, at most `k`. Where the question
   * is not answerable they may well say nothing of it.
   */
  readonly reading: readonly Source[];
  /**
   * Of a question that was not answered: where else an answer may be, a passage of each section, best first, at most three. Places to
   * look at, not to be cited.
   */
  readonly related: readonly Source[];
  /**
   * Of a question that was not answered: the language of nearly all that may be read, where the question is in another one.
   * Asking in it may help.
   */
  readonly otherLanguage?: Language;
}

export interface SearchOptions {
  /** 1 to 20. Default: as `settings` say. */
  readonly k?: number;
  /** 0 to 1. Default: as `settings` say. */
  readonly scoreThreshold?: number;
  /** Only what these roles may read; `all`: everything. Default: the roles of the context. */
  readonly roles?: ReadonlySet<string> | "all";
  /** Only documents whose metadata has all of these values. */
  readonly where?: Readonly<Record<string, string>>;
}

/** What an owner may say of a document besides its content. */
export interface DocumentFacts {
  /** Whoever has one of these roles finds it; empty: everybody. */
  readonly audience: readonly string[];
  /** At most 20 entries, keys of 1 to 64 characters, values of at most 500. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface NewDocument extends Partial<DocumentFacts> {
  /**
   * What the document is known by: other content under the same name is its next version. Of a file its name, with its
   * ending, which decides how it is read, 1 to 200 characters, no path; of a page its address, as `url` says.
   */
  readonly name: string;
  /** Bytes are decoded by what they say of themselves; a string is text already. */
  readonly content: string | Uint8Array;
  /** Of what was fetched: decides how it is read, before the ending. */
  readonly mediaType?: string;
  /** The charset that came with the media type. */
  readonly charset?: string;
  readonly url?: string;
}

/** A version of a document, as it is listed. */
export interface DocumentInfo extends DocumentFacts {
  /** Of this version: the same content, name and reader give the same id. */
  readonly documentId: string;
  readonly name: string;
  readonly title: string;
  readonly url: string | null;
  /** 1 for the first that had this name; grows. */
  readonly version: number;
  readonly chunks: number;
  /** UTF-16 units of the normalised text. */
  readonly characters: number;
  /** ISO time. */
  readonly addedAt: string;
  /** Passages that were left out, as the document says exactly the same before. */
  readonly repeated: number;
  /** Passages that say nearly the same as one of another document, the nearest first, at most 20. */
  readonly similar: readonly SimilarPassage[];
}

export interface SimilarPassage {
  readonly chunkId: string;
  readonly other: Pick<Span, "documentId" | "title" | "chunkId">;
  /** Of their words, 0 to 1; at least 0.9, below 1. */
  readonly similarity: number;
}

export interface VersionInfo extends DocumentInfo {
  /** The one that answers; at most one of a document. */
  readonly live: boolean;
  /** ISO time at which it went live last. */
  readonly liveAt: string;
}

/** A line that two versions do not share, or some that they do. */
export interface DiffPart {
  readonly kind: "same" | "added" | "removed";
  readonly text: string;
}

/** What a name stood for when a document was received under it: what comes later, a deletion too, has the last word. */
export interface Reservation {
  readonly name: string;
  /** Of two that are read at the same time, the one that was received later stays. */
  readonly order: number;
  readonly deletions: number;
}

/** How far a document is, in this order. The last one is `live`. */
export type ReadingState = "parsed" | "embedded" | "indexed" | "live";

export interface AddOptions {
  /** Default: made when `add` is called. */
  readonly reservation?: Reservation;
  /** Hears of each state once, before the next one begins; what it throws ends the adding. */
  readonly onState?: (state: ReadingState, chunks: number) => void | Promise<void>;
}

/** A document that is not to go live, and what to ask it. */
export interface TrialOrder {
  /** In the place of the live document of its name, if there is one. */
  readonly document: NewDocument;
  /** 1 to 50, of 1 to 2,000 characters. */
  readonly questions: readonly string[];
  /** Asked by somebody with these roles; `all`: by one who may read everything. */
  readonly roles: ReadonlySet<string> | "all";
}

export type TrialAnswer = Pick<SearchResult, "answerable" | "confidence" | "sentences">;

/**
 * What becomes of an answer: `same` sentences from the same titles and headings, or none both times; `gained` or `lost` as a whole; else
 * `changed`.
 */
export type TrialOutcome = "same" | "gained" | "lost" | "changed";

export interface TriedQuestion {
  readonly question: string;
  readonly outcome: TrialOutcome;
  /**
   * Whether both were searched alike. False: other ports served the one than the other, also when asked again, or vectors of another space
   * were compared, and the outcome may come of that.
   */
  readonly comparable: boolean;
  /** What is answered now. */
  readonly before: TrialAnswer;
  /** What would be answered if the document were live. */
  readonly after: TrialAnswer;
}

export interface Trial {
  /** As it would be when it is live. */
  readonly document: Pick<
    DocumentInfo,
    "documentId" | "name" | "title" | "chunks" | "characters" | "repeated" | "audience"
  >;
  /** The live version in whose place it was tried. */
  readonly replaces: Pick<DocumentInfo, "documentId" | "version"> | null;
  /** In the order in which they came. */
  readonly questions: readonly TriedQuestion[];
  /** How many questions there are of each outcome. */
  readonly summary: Readonly<Record<TrialOutcome, number>>;
  /** The layers that did not run on their first port at some time during the trial. */
  readonly degradation: readonly Degradation[];
}

/** A stretch of a document: offsets as in a `Span`. */
export type Quoted = Pick<Span, "start" | "end" | "quote">;

/** A sentence that another one contradicts. */
export interface ConflictingSentence extends Quoted {
  /** What the other sentence does not have; may be empty on one side. */
  readonly words: readonly Quoted[];
}

/** Two live passages that say nearly the same, and differ in what matters. */
export interface Conflict {
  /** Of their words, as of a `SimilarPassage`. */
  readonly similarity: number;
  /** Of the document that came later. */
  readonly one: Span & Pick<DocumentInfo, "name">;
  readonly other: Span & Pick<DocumentInfo, "name">;
  /** At least one. */
  readonly differences: readonly {
    /** A number, an amount, a date or a time; a telephone number, an e-mail address or a page; or a verb that only one side denies. */
    readonly kind: "figure" | "address" | "negation";
    readonly one: ConflictingSentence;
    readonly other: ConflictingSentence;
  }[];
}

/** What an administrator may change while the server runs. */
export interface KnowledgeSettings {
  /** Passages of an answer, 1 to 20. */
  readonly k: number;
  /** Passages that fit less are left out, 0 to 1. */
  readonly scoreThreshold: number;
}

/** All the knowledge of one server: what is stored, and how it is found. */
export interface Knowledge {
  /** Grows by one with each change of what can be found. */
  readonly revision: number;
  readonly documents: number;
  readonly chunks: number;
  /** Durable when it returns. @throws {Problem} `invalid_request` for a name that cannot be one; `store_unavailable`. */
  reserve(name: string, context: CallContext): Promise<Reservation>;
  /**
   * Reads, stores and indexes a document; found by the next search. The same content under the same name again changes
   * nothing and returns the same document, but takes over the audience and metadata that are given; other content under the
   * same name is its next version, with the audience and metadata of the one before where none are given, and the old one is not
   * found from the same instant on.
   * @throws {Problem} `document_unreadable` with a reason of its own, `unsupported_media_type`, `invalid_request`, also where no
   * audience is given and that of the version before cannot be read; `store_unavailable`;
   * `document_superseded` when its name was deleted or another version went live after the reservation.
   */
  add(document: NewDocument, context: CallContext, options?: AddOptions): Promise<DocumentInfo>;
  /**
   * Deletes a document with all its versions, whichever of them is named, and wins over what is being read under its name.
   * @throws {Problem} `document_not_found`.
   */
  remove(documentId: string, context: CallContext): Promise<void>;
  /** Live ones by document id, `limit` 1 to 200. */
  list(page: { readonly after?: string; readonly limit: number }, context: CallContext): Promise<Page<DocumentInfo>>;
  /** Any version that is kept. @throws {Problem} `document_not_found`. */
  get(documentId: string, context: CallContext): Promise<DocumentInfo & { readonly text: string }>;
  /** Newest first, at most 20 are kept. Of the document that this is a version of. @throws {Problem} `document_not_found`; `store_unavailable`. */
  versions(documentId: string, context: CallContext): Promise<readonly VersionInfo[]>;
  /**
   * What one version says and the other does not, line by line. Of a stretch that differs in more than 200 lines all is removed
   * and added. @throws {Problem} `document_not_found`.
   */
  diff(fromId: string, toId: string, context: CallContext): Promise<readonly DiffPart[]>;
  /**
   * Makes another version live: the given one, or by default the one that was live before. In one instant, as `add`. It is for whoever
   * is in the audiences of both, and where nobody is, for that of the one that was live.
   * @throws {Problem} `document_not_found`; `invalid_request` where there is no other version; `store_unavailable`.
   */
  rollback(documentId: string, to: string | undefined, context: CallContext): Promise<DocumentInfo>;
  /**
   * The passage behind a source, whole, as long as its document is live.
   * @throws {Problem} `passage_not_found`, also for what the roles of the context may not read.
   */
  passage(chunkId: string, context: CallContext): Promise<Span & Pick<Source, "url">>;
  search(question: string, options: SearchOptions, context: CallContext): Promise<SearchResult>;
  /**
   * Asks everything twice: of what is live, and as if the document were live too, in the place of the version that has its name. Nothing
   * is stored or changed, and nobody else finds anything of it. At most two at a time.
   * @throws {Problem} as `add` for a document that cannot be read; `payload_too_large` for one of more than 500 passages; `overloaded`;
   * `invalid_request` for the number or the length of the questions; `document_superseded` when what is live under the name changes again
   * and again meanwhile. @throws {LayerError} `timeout` past the deadline.
   */
  trial(order: TrialOrder, context: CallContext): Promise<Trial>;
  /**
   * Passages of different documents that contradict each other, of those that are known to say nearly the same (`similar`), in all documents
   * whoever asks; `limit` 1 to 200. A page may be short, or empty, before the last one. @throws {LayerError} `aborted`.
   */
  conflicts(page: { readonly after?: string; readonly limit: number }, context: CallContext): Promise<Page<Conflict>>;
  settings(context: CallContext): Promise<KnowledgeSettings>;
  /** All instances go by them within a second. @throws {Problem} `invalid_request` for a value out of range; `store_unavailable`. */
  configure(settings: Partial<KnowledgeSettings>, context: CallContext): Promise<KnowledgeSettings>;
}
