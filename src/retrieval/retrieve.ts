import type { CallContext } from "../fallbacks/core/context.ts";
import type { Layer } from "../fallbacks/core/layer.ts";
import type { Reranker } from "../fallbacks/reranker/port.ts";
import { detectLanguage } from "../text/language.ts";
import { ANSWER_THRESHOLD, answeringSentences, fitOf } from "./answerability.ts";
import { type Evidence, weighEvidence } from "./evidence.ts";
import type { Passage, SearchResult, Source, Span } from "./knowledge.ts";
import type { Library, LibraryChunk } from "./library.ts";
import { fuse } from "./rrf.ts";
import { questionTerms } from "./terms.ts";
import { tolerate } from "./tolerate.ts";
import type { VectorIndex } from "./vector-index.ts";

export interface RetrieveOptions {
  readonly library: Library;
  readonly vectorIndex: VectorIndex;
  readonly reranker: Layer<Reranker>;
  /** Space of the feature hash, whose vectors know words and no meaning. */
  readonly hashSpace: string;
  /** A passage that fits less is left out, 0 to 1. Default 0.05. */
  readonly scoreThreshold?: number;
}

/** Passages that each path may propose. */
const PATH_LIMIT = 25;
/** How much the vector path counts of the two; hash vectors are the coarser index of words: measured best at 0.1. */
const MODEL_SHARE = 0.6;
const HASH_SHARE = 0.1;
/** Passages that are reranked and weighed. */
const RERANK_LIMIT = 12;
/** The reranker that knows only words does not decide alone: measured best at 0.6. Any other one does. */
const WORD_RERANKER = "lexical";
const WORD_RERANKER_SHARE = 0.6;
/** What a passage in the question's language has ahead of its translation. */
const SAME_LANGUAGE = 1.1;
/** What the fit adds to the order of 0 to 1: measured best from 0.2 to 0.4. */
const FIT_SHARE = 0.2;
const DEFAULT_SCORE_THRESHOLD = 0.05;

interface Candidate {
  readonly chunk: LibraryChunk;
  readonly stages: Passage["stages"];
  readonly order: number;
  readonly evidence: Evidence;
  readonly fit: number;
}

/** Answers one question at a time from what is live. @throws {LayerError} only `aborted`. */
export function createRetrieve(options: RetrieveOptions) {
  const { library, vectorIndex, reranker } = options;
  const scoreThreshold = options.scoreThreshold ?? DEFAULT_SCORE_THRESHOLD;

  async function propose(question: string, context: CallContext) {
    const lexical = library.words.search(questionTerms(question), PATH_LIMIT).map(({ id }) => id);
    const found = await tolerate(context, () => vectorIndex.query(question, PATH_LIMIT, context));
    // A vector index that outlives this process may still know what has been removed.
    const semantic = (found?.hits ?? []).map(({ id }) => id).filter((id) => library.chunks.has(id));
    const share = found?.space === options.hashSpace ? HASH_SHARE : MODEL_SHARE;
    const fused = fuse([
      { ids: semantic, weight: share },
      { ids: lexical, weight: 1 - share },
    ]);
    return { lexical, semantic, fused };
  }

  return async function retrieve(question: string, k: number, context: CallContext): Promise<SearchResult> {
    const { lexical, semantic, fused } = await propose(question, context);
    const best = fused.slice(0, RERANK_LIMIT).flatMap(({ id, score }) => {
      const chunk = library.chunks.get(id);
      return chunk ? [{ chunk, fused: score }] : [];
    });
    const texts = best.map(({ chunk }) => `${chunk.topic}\n${chunk.path}\n${chunk.text}`);
    const reranked =
      best.length === 0
        ? undefined
        : await tolerate(context, () => reranker.use((port, ctx) => port.score(question, texts, ctx), context));
    const share = reranked === undefined ? 0 : reranked.by === WORD_RERANKER ? WORD_RERANKER_SHARE : 1;
    const language = detectLanguage(question);
    const candidates = best.map(({ chunk, fused: fusedScore }, index): Candidate => {
      const score = reranked?.value[index] ?? fusedScore;
      const evidence = weighEvidence(question, chunk, library.words);
      const fit = fitOf(evidence);
      const preference = chunk.language === language ? SAME_LANGUAGE : 1;
      const order = (share * score + (1 - share) * fusedScore) * preference + FIT_SHARE * fit;
      const stages = {
        vectorRank: rankIn(semantic, chunk.id),
        lexicalRank: rankIn(lexical, chunk.id),
        fused: fusedScore,
        reranked: score,
      };
      return { chunk, stages, order, evidence, fit };
    });
    return present(question, candidates, k, scoreThreshold);
  };
}

function present(question: string, candidates: readonly Candidate[], k: number, threshold: number): SearchResult {
  const kept = candidates
    .filter(({ fit }) => fit >= threshold)
    .sort((a, b) => b.order - a.order || (a.chunk.id < b.chunk.id ? -1 : 1))
    .slice(0, k);
  const passages = kept.map(({ chunk, stages, fit }): Passage => ({ ...spanOf(chunk), score: rounded(fit), stages }));
  const confidence = Math.max(0, ...kept.map(({ fit }) => fit));
  const answering = kept.find(({ fit }) => fit >= ANSWER_THRESHOLD);
  if (!answering) return { passages, answerable: false, confidence, sentences: [] };
  const { chunk, evidence, fit } = answering;
  const sentences = answeringSentences(question, chunk.text, evidence).map(
    ({ start, end }): Source => ({
      ...spanOf(chunk),
      start: chunk.start + start,
      end: chunk.start + end,
      quote: chunk.text.slice(start, end),
      score: rounded(fit),
    }),
  );
  return { passages, answerable: true, confidence, sentences };
}

export function spanOf({ id, document, heading, start, end, text }: LibraryChunk): Span {
  const { documentId, title } = document;
  return { documentId, title, heading, chunkId: id, start, end, quote: text };
}

function rankIn(ids: readonly string[], id: string): number | null {
  const index = ids.indexOf(id);
  return index < 0 ? null : index + 1;
}

/** Four digits say all that a score can. */
function rounded(score: number): number {
  return Math.round(score * 10_000) / 10_000;
}
