import { sentenceTokens, textTokens } from "../../text/known-tokens.ts";
import { remember } from "../../text/remember.ts";
import { type Token, tokenise } from "../../text/tokenise.ts";
import { LayerError } from "../core/errors.ts";
import type { Reranker } from "./port.ts";

/** The share of the score that is left for terms standing together; the rest is for the terms themselves. */
const PHRASE_SHARE = 0.15;
const STOP_WEIGHT = 0.4;
const PAIR_WEIGHT = 0.5;
/** A term of the heading counts as said this often. */
const HEADING_REPEATS = 3;
/** How soon repeating a term stops counting, and how much a long text is held against it, as in BM25. */
const K1 = 1.2;
const B = 0.75;
/** Two terms this many tokens apart at most are said together. */
const NEAR = 3;
/** Texts whose terms are kept: the same passages come again. */
const KEPT = 500;

interface Asked {
  readonly term: string;
  readonly weight: number;
}

interface Text {
  readonly tokens: readonly Token[];
  readonly heading: ReadonlySet<string>;
}

interface Candidate extends Text {
  /** Term that is asked for -> its positions, rising. */
  readonly positions: ReadonlyMap<string, readonly number[]>;
}

/**
 * Scores by words alone: which of the question's terms a text holds, each weighted by its rarity among the candidates,
 * so that what all of them say decides little; more when its heading, the first of several lines, has them; and how many
 * neighbours in the question stand together in the text. 1 would be a short text that repeats the whole question.
 * English and Chinese alike.
 */
export function createLexicalReranker(): Reranker {
  const textOf = remember(KEPT, readText);
  return {
    name: "lexical",
    async score(query, texts, context) {
      if (context.signal.aborted) throw new LayerError("aborted", "the caller went away");
      const tokens = tokenise(query);
      const wanted = new Set(tokens.map(({ term }) => term));
      const candidates = texts.map((text): Candidate => {
        const read = textOf(text);
        return { ...read, positions: positionsOf(wanted, read) };
      });
      const asked = weigh(tokens, candidates);
      const average = candidates.reduce((sum, { tokens: own }) => sum + own.length, 0) / Math.max(1, candidates.length);
      return candidates.map((candidate) => scoreOf(asked, candidate, average));
    },
  };
}

function readText(text: string): Text {
  const lineEnd = text.indexOf("\n");
  const heading = lineEnd < 0 ? [] : sentenceTokens(text.slice(0, lineEnd));
  return { tokens: textTokens(text), heading: new Set(heading.map(({ term }) => term)) };
}

function positionsOf(wanted: ReadonlySet<string>, { tokens }: Text): ReadonlyMap<string, readonly number[]> {
  const positions = new Map<string, number[]>();
  for (const [at, { term }] of tokens.entries()) {
    if (!wanted.has(term)) continue;
    const known = positions.get(term);
    if (known) known.push(at);
    else positions.set(term, [at]);
  }
  return positions;
}

function weigh(query: readonly Token[], candidates: readonly Candidate[]): readonly Asked[] {
  return query.map(({ term, kind, stop }) => {
    const holding = candidates.filter((candidate) => candidate.positions.has(term)).length;
    const rarity = Math.log(2 + (candidates.length - holding) / (holding + 1));
    return { term, weight: rarity * (stop ? STOP_WEIGHT : kind === "pair" ? PAIR_WEIGHT : 1) };
  });
}

function scoreOf(asked: readonly Asked[], { positions, heading, tokens }: Candidate, average: number): number {
  const damping = K1 * (1 - B + (B * tokens.length) / Math.max(1, average));
  let total = 0;
  let covered = 0;
  let pairs = 0;
  let together = 0;
  asked.forEach(({ term, weight }, index) => {
    total += weight;
    const said = positions.get(term)?.length ?? 0;
    if (said > 0) {
      const frequency = said + (heading.has(term) ? HEADING_REPEATS - 1 : 0);
      covered += (weight * frequency) / (frequency + damping);
    }
    const next = asked[index + 1];
    if (!next) return;
    pairs += weight + next.weight;
    if (isNear(positions.get(term), positions.get(next.term))) together += weight + next.weight;
  });
  if (total === 0) return 0;
  const coverage = covered / total;
  return (1 - PHRASE_SHARE) * coverage + PHRASE_SHARE * (pairs === 0 ? coverage : together / pairs);
}

function isNear(left: readonly number[] | undefined, right: readonly number[] | undefined): boolean {
  if (!left || !right) return false;
  let at = 0;
  for (const position of left) {
    while (at < right.length && (right[at] as number) <= position) at += 1;
    const found = right[at];
    if (found !== undefined && found - position <= NEAR) return true;
  }
  return false;
}
