import type { CallContext } from "../fallbacks/core/context.ts";
import type { Layer } from "../fallbacks/core/layer.ts";
import type { Reranker } from "../fallbacks/reranker/port.ts";
import { detectLanguage, type Language } from "../text/language.ts";
import { type Features, featuresOf } from "./answer-features.ts";
import { answeringSentences, FOREIGN_SENTENCE, fitOf, MOST_GUESSED, READING_THRESHOLD } from "./answerability.ts";
import { choose } from "./choose.ts";
import { type Evidence, weighEvidence } from "./evidence.ts";
import type { Passage, SearchResult, Source, Span } from "./knowledge.ts";
import type { LibraryChunk } from "./library.ts";
import { type Accept, candidatesOf, createPropose, PATH_LIMIT, type ProposeOptions } from "./propose.ts";
import { meantBy, ratedOf, relatedOf } from "./related.ts";
import { createRivals, sectionOf } from "./rivals.ts";
import { tolerate } from "./tolerate.ts";

export interface RetrieveOptions extends ProposeOptions {
  readonly reranker: Layer<Reranker>;
  /** Where the document of a passage was fetched from. */
  readonly urlOf: (documentId: string) => string | null;
}

export interface RetrieveRequest {
  /** Passages at most, 1 or more. */
  readonly k: number;
  /** A passage that fits less is left out, 0 to 1. */
  readonly scoreThreshold: number;
  readonly accept?: Accept;
  /** The language of nearly all that may be found, where the question, in this language, is in another one; asked when nothing answers. */
  readonly otherLanguageThan: (language: Language) => Language | undefined;
}

/** UTF-16 units: of a longer question only so much is searched for. */
export const LONGEST_QUESTION = 2_000;
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

interface Weighed {
  readonly chunk: LibraryChunk;
  readonly evidence: Evidence;
  readonly features: Features;
  readonly fit: number;
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
  const { library, reranker, urlOf } = options;
  const propose = createPropose(options);

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
    const { accept, k, scoreThreshold } = request;
    const proposals = await propose(question, accept, context);
    const { lexical, semantic, fused, kind } = proposals;
    const best = candidatesOf(library, proposals, accept);
    const texts = best.map((chunk) => `${chunk.topic}\n${chunk.path}\n${chunk.text}`);
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
    const candidates = best.map((chunk, index): Candidate => {
      const fusedScore = fused.get(chunk.id) ?? 0;
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
    const { kept, answering } = choose(orderedOf(candidates, request), k, isAnotherSection);
    const passages = kept.map(({ chunk, stages, fit }): Passage => ({ ...sourceOf(chunk, fit), stages }));
    const found = { passages, confidence: Math.max(0, ...kept.map(({ fit }) => fit)) };
    if (answering.length > 0) {
      const sentences = citedFrom(question, answering);
      const reading = kept.filter(({ fit }) => fit >= READING_THRESHOLD).map(({ chunk, fit }) => sourceOf(chunk, fit));
      return { ...found, answerable: true, sentences, reading, related: [] };
    }
    const said = new Set(kept.map(({ chunk }) => chunk.text));
    const meant = (await meantBy(question, library, accept)).filter(({ text }) => !said.has(text));
    const otherLanguage = request.otherLanguageThan(language);
    const rated = ratedOf([...kept, ...meant.map(weighed)], otherLanguage, scoreThreshold);
    const reading = rated.slice(0, k).map(({ chunk, score }) => sourceOf(chunk, score));
    const related = relatedOf(rated, language, k).map(({ chunk, score }) => sourceOf(chunk, score));
    const refused = { ...found, answerable: false, sentences: [], reading, related };
    return otherLanguage === undefined ? refused : { ...refused, otherLanguage };
  };

  function sourceOf(chunk: LibraryChunk, fit: number): Source {
    const url = urlOf(chunk.document.documentId);
    return { ...spanOf(chunk), score: rounded(fit), ...(url !== null && { url }) };
  }

  /** What fits at all, best first. */
  function orderedOf(
    candidates: readonly Candidate[],
    { scoreThreshold, accept }: RetrieveRequest,
  ): readonly Candidate[] {
    return candidates
      .filter(({ chunk, fit }) => fit >= scoreThreshold && accept?.(chunk.id) !== false)
      .sort((a, b) => b.order - a.order || (a.chunk.id < b.chunk.id ? -1 : 1));
  }

  /** What two pages say in the same words is cited once. */
  function citedFrom(question: string, answering: readonly Weighed[]): readonly Source[] {
    const [first = [], second = []] = answering.map((each) => citedOf(question, each));
    const said = new Set(first.map(({ quote }) => quote));
    return [...first, ...second.filter(({ quote }) => !said.has(quote))];
  }

  function citedOf(question: string, { chunk, evidence, fit }: Weighed): readonly Source[] {
    return answeringSentences(question, chunk.text, evidence).map(({ start, end }) => ({
      ...sourceOf(chunk, fit),
      start: chunk.start + start,
      end: chunk.start + end,
      quote: chunk.text.slice(start, end),
    }));
  }
}

/** Its translation would say the same once more. */
function isAnotherSection({ chunk: first }: Weighed, { chunk: other }: Weighed): boolean {
  return first.language === other.language && sectionOf(first) !== sectionOf(other);
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
