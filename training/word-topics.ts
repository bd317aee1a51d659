import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import type { ChineseWords } from "../src/text/chinese-words.ts";
import { isPair, isTwoWords, subjectsOf } from "../src/text/subjects.ts";
import { createTokeniser, NO_CARRY, type Token } from "../src/text/tokenise.ts";
import type { WordTopics } from "../src/text/word-vectors-format.ts";
import { listSubjects } from "./list-subjects.ts";
import type { Topic } from "./topics.ts";

/** How much of a word's probability in a topic is that of all topics (Jelinek-Mercer smoothing). */
const BACKGROUND = 0.92;
/** Pairs of characters in fewer texts are mostly two words that met by chance. */
const FEWEST_PAIRS = 2;
/** The same for two words: measured best of 2 to 5. */
const FEWEST_TWO_WORDS = 3;
/** How much what two words tell together counts, beside what each of them tells: from 0.6 to 1 much the same. */
const TWO_WORDS_SHARE = 0.8;
/** Added to the count of each word in all topics. */
const PRIOR = 0.5;
const DIMENSION = 256;
/** Of what topics have in common the power that is taken out: 0 nothing, 1 all of it (as in Caron 2001 for latent semantic analysis). */
const WHITENING = 0.7;

type Counts = ReadonlyMap<string, ReadonlyMap<number, number>>;

/**
 * How much each word tells of each topic: the logarithm of how much likelier the word is there than elsewhere, smoothed, so that 0 stands
 * for every topic without the word (explicit semantic analysis, Gabrilovich and Markovitch 2007, over topics of our own). Topics that
 * share words are near each other: the projection is on the first singular vectors of that table, as in latent semantic analysis.
 * @param chinese cuts the text as the server will cut what is asked.
 */
export function learnWordTopics(topics: readonly Topic[], chinese: ChineseWords): WordTopics {
  const counts = countWords(topics, chinese);
  const terms = [...counts.keys()].filter((term) => textsWith(counts, term) >= fewestOf(term)).sort();
  const rows = weigh(counts, terms, topics.length);
  const dimension = Math.min(DIMENSION, topics.length);
  const { list, subjects } = listSubjects(terms);
  const rowOf = new Map(terms.map((term, at) => [term, rows[at] ?? []]));
  const listed = subjects.map((subject) => (subject === undefined ? [] : (rowOf.get(subject) ?? [])));
  const flat = listed.flat();
  const heaviest = flat.reduce((most, { weight }) => Math.max(most, weight), 0);
  let end = 0;
  return {
    topics: topics.length,
    dimension,
    subjects: list,
    starts: Uint32Array.from([0, ...listed.map((row) => (end += row.length))]),
    topicOf: Uint16Array.from(flat, ({ topic }) => topic),
    weights: Uint8Array.from(flat, ({ weight }) => Math.max(1, Math.round((weight / heaviest) * 255))),
    heaviest,
    projection: projectionOf(rows, topics.length, dimension),
  };
}

/** For each word the topics with it, and how often: a text counts once. */
function countWords(topics: readonly Topic[], chinese: ChineseWords): Counts {
  const tokenise = createTokeniser((term, kind, stop): Token => ({ term, kind, stop }), { chinese });
  const counts = new Map<string, Map<number, number>>();
  topics.forEach(({ en, zh }, topic) => {
    for (const text of [en, zh].flatMap(({ asked, said }) => [...asked, ...said])) {
      for (const term of subjectsOf(tokenise(text, NO_CARRY).tokens)) {
        const known = counts.get(term) ?? new Map<number, number>();
        counts.set(term, known.set(topic, (known.get(topic) ?? 0) + 1));
      }
    }
  });
  return counts;
}

const fewestOf = (term: string) => (isTwoWords(term) ? FEWEST_TWO_WORDS : isPair(term) ? FEWEST_PAIRS : 1);
const textsWith = (counts: Counts, term: string) =>
  [...(counts.get(term)?.values() ?? [])].reduce((sum, count) => sum + count, 0);

interface Weighed {
  readonly topic: number;
  readonly weight: number;
}

function weigh(counts: Counts, terms: readonly string[], topics: number): readonly (readonly Weighed[])[] {
  const sizes = new Float64Array(topics);
  let all = 0;
  for (const row of counts.values()) {
    for (const [topic, count] of row) {
      sizes[topic] = (sizes[topic] as number) + count;
      all += count;
    }
  }
  return terms.map((term) => {
    const row = [...(counts.get(term) ?? [])];
    const total = row.reduce((sum, [, count]) => sum + count, 0);
    const background = BACKGROUND * ((total + PRIOR) / (all + PRIOR * terms.length));
    const share = isTwoWords(term) ? TWO_WORDS_SHARE : 1;
    return row.map(([topic, count]) => {
      const own = (1 - BACKGROUND) * (count / (sizes[topic] as number));
      return { topic, weight: share * Math.log((own + background) / background) };
    });
  });
}

/** By the eigenvectors of how much topics have in common, which are the singular vectors of the table of words. */
function projectionOf(rows: readonly (readonly Weighed[])[], topics: number, dimension: number): Float32Array {
  const common = Matrix.zeros(topics, topics);
  for (const row of rows)
    for (const one of row)
      for (const other of row)
        common.set(one.topic, other.topic, common.get(one.topic, other.topic) + one.weight * other.weight);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(common, { assumeSymmetric: true });
  const strongest = realEigenvalues
    .map((value, axis) => ({ value, axis }))
    .sort((a, b) => b.value - a.value)
    .slice(0, dimension);
  const projection = new Float32Array(topics * dimension);
  strongest.forEach(({ value, axis }, place) => {
    // A singular value is the root of an eigenvalue.
    const scale = value > 0 ? value ** (-WHITENING / 2) : 0;
    for (let topic = 0; topic < topics; topic += 1)
      projection[topic * dimension + place] = eigenvectorMatrix.get(topic, axis) * scale;
  });
  return projection;
}
