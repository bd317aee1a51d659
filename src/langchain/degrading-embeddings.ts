import { Embeddings } from "@langchain/core/embeddings";
import type { Degradation, LayerStatus } from "../fallbacks/core/status.ts";
import type { EmbedKind } from "../fallbacks/embeddings/port.ts";
import { callForVectors, type SpaceAnswer } from "./degrading-embeddings-call.ts";
import type { DegradingCallOptions, DegradingEmbeddingsOptions } from "./degrading-embeddings-options.ts";
import type { Vector } from "./degrading-embeddings-port.ts";
import { createSpaceRouter, type SpaceRouter } from "./degrading-embeddings-router.ts";
import type { FailoverAttempt } from "./failover-error.ts";
import { numberOf, wholeNumber } from "./policy.ts";

interface Answered {
  /** Vectors may be compared with those of the same space alone. */
  readonly space: string;
  /** The name of the embeddings that gave it. */
  readonly by: string;
  /** Null: the first of those that might serve gave it. */
  readonly degraded: Degradation | null;
  /** All calls of embeddings that it took, in order; `model` is their name. */
  readonly attempts: readonly FailoverAttempt[];
}

export interface EmbeddedDocuments extends Answered {
  /** One for each document in order; null where there is nothing in it that could be embedded. */
  readonly vectors: readonly (number[] | null)[];
}

export interface EmbeddedQuery extends Answered {
  /** Null: there is nothing in it that could be embedded. */
  readonly vector: number[] | null;
}

/** One space that vectors can come in. */
export interface KnownSpace {
  /** Full, or without the dimension as long as nobody has given a vector of it. */
  readonly space: string;
  /** The names of the embeddings that give vectors of it, in the order in which they are asked. */
  readonly by: readonly string[];
}

const LONGEST_TIMEOUT_MS = 3_600_000;

/**
 * LangChain embeddings made of others: asks the first that can serve, and the next one when that fails. Vectors of different models are
 * never mixed: `embedDocuments` and `embedQuery` stay in one space and throw {SpaceUnavailableError} when it cannot serve, and
 * `embedDocumentsBySpace` and `embedQueryBySpace` say of which space their vectors are.
 */
export class DegradingEmbeddings extends Embeddings {
  private readonly router: SpaceRouter;
  private readonly queryMs: number;
  private readonly documentsMs: number;
  /** What the calls that name no space may use: the one space, or all of them. */
  private readonly usual: ReadonlySet<string>;
  private readonly options: Pick<DegradingEmbeddingsOptions, "onSpaceChange">;
  private readonly lastSpace = new Map<EmbedKind, string>();

  /** @throws {RangeError} that names the option, the value and what is allowed. */
  constructor(options: DegradingEmbeddingsOptions) {
    super({});
    const { spaces = "one", space, documentsMs = 600_000 } = options;
    this.options = options.onSpaceChange ? { onSpaceChange: options.onSpaceChange } : {};
    this.queryMs = numberOf("deadlineMs", options);
    this.documentsMs = wholeNumber("documentsMs", documentsMs, 1, LONGEST_TIMEOUT_MS);
    this.router = createSpaceRouter(options);
    if (spaces !== "one" && spaces !== "any") {
      throw new RangeError(`spaces: ${JSON.stringify(spaces)} is not allowed; it takes "one" or "any"`);
    }
    if (spaces === "any" && space !== undefined) throw new RangeError('space: it goes with spaces: "one" alone');
    const [first] = this.router.ports;
    const pinned = space === undefined ? new Set([first.fingerprint]) : this.pin("space", space);
    this.usual = spaces === "one" ? pinned : this.all();
  }

  /** @throws {SpaceUnavailableError} when the space cannot serve; {RangeError} for a text that has nothing to embed. */
  override async embedDocuments(documents: string[], options: DegradingCallOptions = {}): Promise<number[][]> {
    if (documents.length === 0) return [];
    const { vectors } = await this.call("document", documents, options, this.usual);
    return vectors.map((vector, at) => present(vector, `documents[${at}]`));
  }

  /** @throws {SpaceUnavailableError} when the space cannot serve; {RangeError} for a text that has nothing to embed. */
  override async embedQuery(document: string, options: DegradingCallOptions = {}): Promise<number[]> {
    const { vectors } = await this.call("query", [document], options, this.usual);
    return present(vectors[0], "document");
  }

  /** Vectors of the first space that can serve, all of one. @throws {SpaceUnavailableError} */
  async embedDocumentsBySpace(
    documents: readonly string[],
    options: DegradingCallOptions = {},
  ): Promise<EmbeddedDocuments> {
    const { vectors, ...rest } = await this.call("document", documents, options, this.all());
    return { ...rest, vectors: vectors.map((vector) => (vector ? Array.from(vector) : null)) };
  }

  /** A vector of the first space that can serve. @throws {SpaceUnavailableError} */
  async embedQueryBySpace(document: string, options: DegradingCallOptions = {}): Promise<EmbeddedQuery> {
    const { vectors, ...rest } = await this.call("query", [document], options, this.all());
    const [vector] = vectors;
    return { ...rest, vector: vector ? Array.from(vector) : null };
  }

  /**
   * The same embeddings for one space alone, for a vector store that holds that space. They share breakers and models with these.
   * @throws {RangeError} for a space that none of them gives.
   */
  inSpace(space: string): Embeddings {
    this.pin("space", space);
    return new SpaceEmbeddings(this, space);
  }

  /** The spaces in the order in which they are tried. */
  spaces(): readonly KnownSpace[] {
    const { ports } = this.router;
    return [...this.all()].map((fingerprint) => {
      const those = ports.filter((port) => port.fingerprint === fingerprint);
      return { space: those[0]?.space ?? fingerprint, by: those.map(({ name }) => name) };
    });
  }

  /** Its state and those of its embeddings, from real calls; asking costs nothing. */
  status(): LayerStatus {
    return this.router.layer.status();
  }

  /** Ends local models and what runs in the background. */
  close(): Promise<void> {
    return this.router.layer.close();
  }

  private all(): ReadonlySet<string> {
    return new Set(this.router.ports.map(({ fingerprint }) => fingerprint));
  }

  private pin(field: string, space: string): ReadonlySet<string> {
    return this.router.fingerprintsOf(field, [space]);
  }

  private async call(
    kind: EmbedKind,
    texts: readonly string[],
    { signal, timeout, spaces }: DegradingCallOptions,
    usual: ReadonlySet<string>,
  ): Promise<SpaceAnswer> {
    for (const [at, text] of texts.entries()) {
      if (typeof text === "string") continue;
      throw new RangeError(`${kind === "query" ? "document" : `documents[${at}]`}: ${String(text)} is not a text`);
    }
    if (spaces?.length === 0) throw new RangeError("spaces: nothing is given; it takes one or more");
    const usualMs = kind === "query" ? this.queryMs : this.documentsMs;
    const deadlineMs = timeout === undefined ? usualMs : wholeNumber("timeout", timeout, 1, LONGEST_TIMEOUT_MS);
    const fingerprints = spaces ? this.router.fingerprintsOf("spaces", spaces) : usual;
    const answer = await callForVectors(this.router, { texts, kind, fingerprints, deadlineMs, signal });
    if (fingerprints.size > 1) this.notice(kind, answer);
    return answer;
  }

  private notice(kind: EmbedKind, { space, by }: SpaceAnswer): void {
    const from = this.lastSpace.get(kind);
    this.lastSpace.set(kind, space);
    if (from === undefined || from === space) return;
    this.options.onSpaceChange?.({ kind: kind === "query" ? kind : "documents", from, to: space, by });
  }
}

/** One space of others. */
class SpaceEmbeddings extends Embeddings {
  private readonly all: DegradingEmbeddings;
  private readonly options: DegradingCallOptions;

  constructor(all: DegradingEmbeddings, space: string) {
    super({});
    this.all = all;
    this.options = { spaces: [space] };
  }

  override embedDocuments(documents: string[]): Promise<number[][]> {
    return this.all.embedDocuments(documents, this.options);
  }

  override embedQuery(document: string): Promise<number[]> {
    return this.all.embedQuery(document, this.options);
  }
}

/** A vector of zeros would be near to nothing or to everything, whichever the store makes of it. */
function present(vector: Vector | undefined, field: string): number[] {
  if (vector) return Array.from(vector);
  throw new RangeError(`${field}: there is nothing in it that could be embedded; leave it out`);
}
