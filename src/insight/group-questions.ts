import type { CallContext } from "../fallbacks/core/context.ts";
import type { LocalEmbeddings } from "../fallbacks/embeddings/port.ts";
import { createPacing } from "../retrieval/slices.ts";
import { dot } from "../text/dot.ts";
import { lightnessOf } from "../text/light-words.ts";
import { foldText } from "../text/normalise.ts";
import { synonymsOf } from "../text/synonyms.ts";
import { tokenise } from "../text/tokenise.ts";

/**
 * From here on two questions are one. Set on 81 questions of our own in 30 groups (see docs/knowledge.md), and alike from 0.50 to 0.56; as it is
 * above a half, two that share no word, nor a synonym, are never one.
 */
const SAME = 0.52;
/** Pairs of characters beside segmented words say much the same twice. */
const PAIR_WEIGHT = 0.5;
/** Another word for the same thing counts this much. */
const SYNONYM_SHARE = 0.7;
/** Groups that a question is compared with: those whose first question has most of its words. */
const MOST_COMPARED = 16;
/** What comparing two questions costs, and looking at a group that has one of the words, in characters that are prepared in that time. */
const COMPARING = 8;
const LOOKING = 1 / 40;

interface Question {
  /** Of its terms, words of grammar left out where there are others. */
  readonly weights: ReadonlyMap<string, number>;
  readonly weight: number;
  readonly vector: Float32Array | undefined;
}

/**
 * Which of the questions are the same, in one pass (leader clustering): each joins the group whose first question is nearest to it, or begins
 * one. How near two are is the mean of the cosine of their hash vectors and of the share of their words that they have in common, synonyms
 * included. The same questions in the same order give the same groups. Lets others have the event loop between them.
 * @returns the number of the group of each, from 0 in the order in which they begin. @throws {LayerError} `aborted`.
 */
export async function groupQuestions(
  questions: readonly string[],
  local: LocalEmbeddings,
  context: CallContext,
): Promise<readonly number[]> {
  const paced = createPacing(context.signal);
  const groups = createGroups();
  const known = new Map<string, number>();
  const numbers: number[] = [];
  for (const text of questions) {
    const folded = foldText(text).trim();
    let number = known.get(folded);
    if (number === undefined) {
      const { vectors } = await local.embed([text], "query", context);
      const question = read(text, vectors[0]);
      const { best, looked } = groups.sharing(question);
      number = groups.join(question, best);
      known.set(folded, number);
      await paced(text.length + best.length * COMPARING + looked * LOOKING);
    }
    numbers.push(number);
  }
  return numbers;
}

function createGroups() {
  const leaders: Question[] = [];
  /** Groups by each term of their first question, and by each synonym of it. */
  const byTerm = new Map<string, number[]>();
  /** By group: the weight of the words that it has of the question that is looked at, and the last word that it was found by. */
  const shared: number[] = [];
  const foundBy: number[] = [];
  let words = 0;

  function begin(question: Question): number {
    const number = leaders.push(question) - 1;
    shared.push(0);
    foundBy.push(0);
    for (const term of new Set([...question.weights.keys()].flatMap(withSynonyms))) {
      const others = byTerm.get(term);
      if (others) others.push(number);
      else byTerm.set(term, [number]);
    }
    return number;
  }

  /** Weighs what each group shares with the question. @returns those that share anything. */
  function weigh({ weights }: Question): readonly number[] {
    const looked: number[] = [];
    for (const [term, weight] of weights) {
      words += 1;
      for (const each of withSynonyms(term)) {
        for (const group of byTerm.get(each) ?? []) {
          if (foundBy[group] === words) continue;
          foundBy[group] = words;
          if (shared[group] === 0) looked.push(group);
          shared[group] = (shared[group] as number) + weight;
        }
      }
    }
    return looked;
  }

  const isAhead = (one: number, other: number) => {
    const more = (shared[one] as number) - (shared[other] as number);
    return more > 0 || (more === 0 && one < other);
  };

  return {
    /** The groups whose first question has most of its words, the most first, of so many that have any. */
    sharing(question: Question): { readonly best: readonly number[]; readonly looked: number } {
      const looked = weigh(question);
      const best: number[] = [];
      for (const group of looked) {
        const last = best.at(-1);
        if (best.length === MOST_COMPARED && last !== undefined && !isAhead(group, last)) continue;
        const place = best.findIndex((other) => isAhead(group, other));
        best.splice(place === -1 ? best.length : place, 0, group);
        if (best.length > MOST_COMPARED) best.pop();
      }
      for (const group of looked) shared[group] = 0;
      return { best, looked: looked.length };
    },
    join(question: Question, candidates: readonly number[]): number {
      let best: { readonly group: number; readonly nearness: number } | undefined;
      for (const group of candidates) {
        const nearness = nearnessOf(question, leaders[group] as Question);
        if (nearness >= SAME && (!best || nearness > best.nearness)) best = { group, nearness };
      }
      return best?.group ?? begin(question);
    },
  };
}

function read(text: string, vector: Float32Array | undefined): Question {
  const all = tokenise(text);
  const subject = all.filter(({ stop }) => !stop);
  const weights = new Map<string, number>();
  for (const { term, kind } of subject.length > 0 ? subject : all) {
    const weight = (kind === "pair" ? PAIR_WEIGHT : 1) * lightnessOf(term);
    if (weight > 0) weights.set(term, Math.max(weight, weights.get(term) ?? 0));
  }
  const weight = [...weights.values()].reduce((sum, each) => sum + each, 0);
  return { weights, weight, vector };
}

/** 0 (nothing in common) to 1. */
function nearnessOf(one: Question, other: Question): number {
  const all = one.weight + other.weight;
  const common = all === 0 ? 0 : (sharedWith(one, other) + sharedWith(other, one)) / all;
  return (Math.max(0, dot(one.vector, other.vector)) + common) / 2;
}

/** The weight of those words of the first that the second has too, or has another word for. */
function sharedWith({ weights }: Question, other: Question): number {
  let shared = 0;
  for (const [term, weight] of weights) {
    if (other.weights.has(term)) shared += weight;
    else if (hasSynonym(other, term)) shared += SYNONYM_SHARE * weight;
  }
  return shared;
}

function hasSynonym({ weights }: Question, term: string): boolean {
  for (const synonym of synonymsOf(term)) if (weights.has(synonym)) return true;
  return false;
}

function withSynonyms(term: string): readonly string[] {
  return [term, ...synonymsOf(term)];
}
