import type { CallContext } from "../fallbacks/core/context.ts";
import type { Layer } from "../fallbacks/core/layer.ts";
import type { Ranked } from "../fallbacks/core/top.ts";
import type { Reranker } from "../fallbacks/reranker/port.ts";
import { detectLanguage, type Language } from "../text/language.ts";
import { type Features, featuresOf } from "./answer-features.ts";
import {
  ANSWER_THRESHOLD,
  answeringSentences,
  FOREIGN_SENTENCE,
  fitOf,
  MOST_GUESSED,
  READING_THRESHOLD,
  RELATED_MEANING,
  RELATED_THRESHOLD,
} from "./answerability.ts";
import { type Evidence, weighEvidence } from "./evidence.ts";
import type { Passage, SearchResult, Source, Span } from "./knowledge.ts";
import type { Library, LibraryChunk } from "./library.ts";
import { createRivals, sectionOf } from "./rivals.ts";
import { fuse } from "./rrf.ts";
import { meantTerms, questionTerms } from "./terms.ts";
import { tolerate } from "./tolerate.ts";
import type { VectorIndex } from "./vector-index.ts";

export interface RetrieveOptions {
  readonly library: Library;
  readonly vectorIndex: VectorIndex;
  readonly reranker: Layer<Reranker>;
  /** Space of the feature hash, whose vectors know words and no meaning. */
  readonly hashSpace: string;
  /** Where the document of a passage was fetched from. */
  readonly urlOf: (documentId: string) => string | null;
}

export interface RetrieveRequest {
  readonly k: number;
  /** A passage that fits less is left out, 0 to 1. */
  readonly scoreThreshold: number;
  /** Which passages may be found; absent: all. Nobody hears anything of the others. Asked again after each wait. */
  readonly accept?: ((chunkId: string) => boolean) | undefined;
  /** The language of nearly all that may be found, where the question, in this language, is in another one; asked when nothing answers. */
  readonly otherLanguageThan: (language: Language) => Language | undefined;
}

/** Passages that each path may propose. */
const PATH_LIMIT = 25;
/** Where some may not be found, or say the same, more are asked for, until there are enough or no more. */
const ASKED_MORE = 4;
const MOST_ASKED = 1_000;
/** How much the vector path counts of the two; hash vectors are the coarser index of words: measured best at 0.1. */
const MODEL_SHARE = 0.6;
const HASH_SHARE = 0.1;
/** Passages that are reranked and weighed: with 12, the hybrid lost to its own lexical half. */
const RERANK_LIMIT = 25;
/**
 * The reranker that knows only words does not decide alone: measured best from 0.4 to 0.6, and less where a model has compared
 * meanings, of which it knows nothing. Any other one decides.
 */
const WORD_RERANKER = "lexical";
const WORD_RERANKER_SHARE = { hash: 0.5, model: 0.2 } as const;
/** What a passage in the question's language has ahead of its translation. */
const SAME_LANGUAGE = 1.2;
/**
 * What the fit adds to the order of 0 to 1: from 0.2 to 1.2 as many questions to shops are answered, and texts about other things
 * are ordered worse the more it counts. Less where a model has judged, which knows more.
 */
const FIT_SHARE = { words: 0.2, model: 0.1 } as const;
/** What the words of the headings add: measured best from 0.15 to 0.3. */
const HEADING_SHARE = 0.15;

/** Where something answers for sure, the first in the order answers that does so nearly: the order knows more than the fit. */
const NEARLY = 0.9 * ANSWER_THRESHOLD;
const MOST_RELATED = 3;
/** Passages that are looked at for related sections beside those that were found, by words that mean what the question says. */
const MEANT_LIMIT = 12;

interface Weighed {
  readonly chunk: LibraryChunk;
  readonly evidence: Evidence;
  readonly features: Features;
  readonly fit: number;
}

/** By what it is judged where nothing answers for sure, 0 to 1. */
interface Rated {
  readonly chunk: LibraryChunk;
  readonly score: number;
}

interface Candidate extends Weighed {
  readonly stages: Passage["stages"];
  readonly order: number;
}

/**
 * Answers one question at a time from what is live. How rare a word is, and whether the base is small, is measured over all documents, also
 * those that may not be found; of these nothing else is used. @throws {LayerError} only `aborted`.
 */
export function createRetrieve(options: RetrieveOptions) {
  const { library, vectorIndex, reranker, urlOf } = options;

  /**
   * The first 25 of a path that may be found, and as many more as it takes for 25 different texts. A vector index that outlives
   * this process may still know what has been removed.
   */
  async function firstOf(
    path: (limit: number) => Promise<readonly string[]>,
    accept: RetrieveRequest["accept"],
  ): Promise<readonly string[]> {
    const isFound = (id: string) => library.chunks.has(id) && (accept === undefined || accept(id));
    for (let limit = PATH_LIMIT; ; limit = Math.min(MOST_ASKED, limit * ASKED_MORE)) {
      const all = await path(limit);
      const found = all.filter(isFound);
      const texts = new Set<string>();
      const enough = found.findIndex((id, index) => {
        texts.add(library.chunks.get(id)?.text ?? "");
        return index + 1 >= PATH_LIMIT && texts.size >= RERANK_LIMIT;
      });
      if (enough >= 0) return found.slice(0, enough + 1);
      if (all.length < limit || limit === MOST_ASKED) return found;
    }
  }

  async function propose(question: string, { accept }: RetrieveRequest, context: CallContext) {
    const terms = questionTerms(question);
    const byWords = async (limit: number) => library.words.search(terms, limit, accept).map(({ id }) => id);
    let space: string | undefined;
    const byVectors = async (limit: number) => {
      const found = await tolerate(context, () => vectorIndex.query(question, limit, context));
      space = found?.space;
      return (found?.hits ?? []).map(({ id }) => id);
    };
    const [lexical, semantic] = await Promise.all([firstOf(byWords, accept), firstOf(byVectors, accept)]);
    const kind = space === undefined || space === options.hashSpace ? "hash" : "model";
    const share = kind === "hash" ? HASH_SHARE : MODEL_SHARE;
    const fused = fuse([
      { ids: semantic, weight: share },
      { ids: lexical, weight: 1 - share },
    ]);
    return { lexical, semantic, fused, kind } as const;
  }

  /** The same text twice says nothing more: the first one stays. */
  function different(
    found: readonly Ranked[],
    { accept }: RetrieveRequest,
  ): readonly { readonly chunk: LibraryChunk; readonly fused: number }[] {
    const said = new Set<string>();
    return found.flatMap(({ id, score }) => {
      const chunk = library.chunks.get(id);
      if (!chunk || said.has(chunk.text) || accept?.(id) === false) return [];
      said.add(chunk.text);
      return [{ chunk, fused: score }];
    });
  }

  /** Each passage once. */
  function weighing(question: string): (chunk: LibraryChunk) => Evidence {
    const weigh = weighEvidence(question, library.words);
    const weighed = new Map<string, Evidence>();
    return (chunk) => {
      const evidence = weighed.get(chunk.id) ?? weigh(chunk);
      weighed.set(chunk.id, evidence);
      return evidence;
    };
  }

  return async function retrieve(
    question: string,
    request: RetrieveRequest,
    context: CallContext,
  ): Promise<SearchResult> {
    const { lexical, semantic, fused, kind } = await propose(question, request, context);
    const best = different(fused, request).slice(0, RERANK_LIMIT);
    const texts = best.map(({ chunk }) => `${chunk.topic}\n${chunk.path}\n${chunk.text}`);
    const reranked =
      best.length === 0
        ? undefined
        : await tolerate(context, () => reranker.use((port, ctx) => port.score(question, texts, ctx), context));
    const judge = reranked === undefined || reranked.by === WORD_RERANKER ? "words" : "model";
    const share = reranked === undefined ? 0 : judge === "words" ? WORD_RERANKER_SHARE[kind] : 1;
    const language = detectLanguage(question);
    const weigh = weighing(question);
    const proposed = lexical.slice(0, PATH_LIMIT).flatMap((id) => library.chunks.get(id) ?? []);
    const rivalsOf = createRivals({ proposed, language, weigh, passages: library.words.documents });
    const weighed = (chunk: LibraryChunk): Weighed => {
      const evidence = weigh(chunk);
      const features = featuresOf(evidence, rivalsOf(chunk));
      const isGuess = chunk.language !== language && evidence.sentence < FOREIGN_SENTENCE;
      const fit = fitOf(features, language);
      return { chunk, evidence, features, fit: isGuess ? Math.min(MOST_GUESSED, fit) : fit };
    };
    const candidates = best.map(({ chunk, fused: fusedScore }, index): Candidate => {
      const score = reranked?.value[index] ?? fusedScore;
      const { evidence, features, fit } = weighed(chunk);
      const preference = chunk.language === language ? SAME_LANGUAGE : 1;
      const found = share * score + (1 - share) * fusedScore;
      const order = (found + FIT_SHARE[judge] * fit + HEADING_SHARE * evidence.heading) * preference;
      const stages = {
        vectorRank: rankIn(semantic, chunk.id),
        lexicalRank: rankIn(lexical, chunk.id),
        fused: fusedScore,
        reranked: score,
        features: Object.fromEntries(Object.entries(features).map(([name, value]) => [name, rounded(value)])),
      };
      return { chunk, stages, order, evidence, features, fit };
    });
    const kept = keptOf(candidates, request);
    const passages = kept.map(({ chunk, stages, fit }): Passage => ({ ...sourceOf(chunk, fit), stages }));
    const found = { passages, confidence: Math.max(0, ...kept.map(({ fit }) => fit)) };
    const isAnswered = kept.some(({ fit }) => fit >= ANSWER_THRESHOLD);
    const answering = isAnswered ? kept.find(({ fit }) => fit >= NEARLY) : undefined;
    if (answering) {
      const reading = kept.filter(({ fit }) => fit >= READING_THRESHOLD).map(({ chunk, fit }) => sourceOf(chunk, fit));
      return { ...found, answerable: true, sentences: citedOf(question, answering), reading, related: [] };
    }
    const said = new Set(kept.map(({ chunk }) => chunk.text));
    const meant = (await meantBy(question, request)).filter(({ text }) => !said.has(text));
    const otherLanguage = request.otherLanguageThan(language);
    const rated = ratedOf([...kept, ...meant.map(weighed)], otherLanguage, request);
    const reading = rated.slice(0, request.k).map(({ chunk, score }) => sourceOf(chunk, score));
    const refused = {
      ...found,
      answerable: false,
      sentences: [],
      reading,
      related: relatedOf(rated, language, request),
    };
    return otherLanguage === undefined ? refused : { ...refused, otherLanguage };
  };

  /** Passages that say in other words, perhaps of another language, what the question says. */
  async function meantBy(question: string, request: RetrieveRequest): Promise<readonly LibraryChunk[]> {
    const { accept } = request;
    // Of pages that may not be found nothing is used, not even that they hold a word.
    const isFound = (term: string) =>
      accept === undefined || library.words.search(new Map([[term, 1]]), 1, accept).length > 0;
    const isHeld = (term: string) => library.words.holding(term) > 0 && isFound(term);
    const terms = meantTerms(question, isHeld);
    const ids = await firstOf(async (limit) => library.words.search(terms, limit, accept).map(({ id }) => id), accept);
    const found = different(
      ids.map((id) => ({ id, score: 0 })),
      request,
    );
    return found.slice(0, MEANT_LIMIT).map(({ chunk }) => chunk);
  }

  function sourceOf(chunk: LibraryChunk, fit: number): Source {
    const url = urlOf(chunk.document.documentId);
    return { ...spanOf(chunk), score: rounded(fit), ...(url !== null && { url }) };
  }

  /** Best first. */
  function keptOf(
    candidates: readonly Candidate[],
    { k, scoreThreshold, accept }: RetrieveRequest,
  ): readonly Candidate[] {
    return candidates
      .filter(({ chunk, fit }) => fit >= scoreThreshold && accept?.(chunk.id) !== false)
      .sort((a, b) => b.order - a.order || (a.chunk.id < b.chunk.id ? -1 : 1))
      .slice(0, k);
  }

  function citedOf(question: string, { chunk, evidence, fit }: Weighed): readonly Source[] {
    return answeringSentences(question, chunk.text, evidence).map(({ start, end }) => ({
      ...sourceOf(chunk, fit),
      start: chunk.start + start,
      end: chunk.start + end,
      quote: chunk.text.slice(start, end),
    }));
  }

  /**
   * What is worth reading, best first. Where nearly all is in another language than the question, which mostly shares no word with it, how near
   * one is in meaning is its score.
   */
  function ratedOf(
    places: readonly Weighed[],
    otherLanguage: Language | undefined,
    { scoreThreshold }: RetrieveRequest,
  ): readonly Rated[] {
    const rated = places.map(({ chunk, evidence, fit }): Rated => {
      if (chunk.language !== otherLanguage) return { chunk, score: fit };
      return { chunk, score: evidence.meaning >= RELATED_MEANING ? evidence.meaning : 0 };
    });
    return rated
      .filter(({ score }) => score >= READING_THRESHOLD && score >= scoreThreshold)
      .sort((a, b) => b.score - a.score);
  }

  /** The best passage of each section that is worth a look; those in another language than the question only where none is in that. */
  function relatedOf(rated: readonly Rated[], language: Language, { k }: RetrieveRequest): readonly Source[] {
    const worth = rated.filter(({ score }) => score >= RELATED_THRESHOLD);
    const own = worth.filter(({ chunk }) => chunk.language === language);
    const bySection = new Map<string, Source>();
    for (const { chunk, score } of own.length > 0 ? own : worth) {
      const section = sectionOf(chunk);
      if (!bySection.has(section)) bySection.set(section, sourceOf(chunk, score));
    }
    return [...bySection.values()].slice(0, Math.min(MOST_RELATED, k));
  }
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
