import type { Steps } from "./steps.ts";
import { termOf } from "./subjects.ts";
import type { WordTopics } from "./word-vectors-format.ts";

/** A word, or a pair of characters, as a text's terms have it, and how much it tells. */
export interface ToldTerm {
  readonly term: string;
  readonly says: number;
}

/** What `createTopicTerms` comes to. */
export type TopicTerms = (asked: Iterable<readonly [topic: number, times: number]>) => Iterable<ToldTerm>;

/** Subjects of one step, and the characters that one takes as long as, each of three times. */
const AT_ONCE = 512;
const COST = 10;

/**
 * The other way round: the subjects that tell of topics, two words excepted, which are no term of a text.
 * @returns of topics and how often each counts, above 0, the terms that tell of any: how much is the sum of what they tell of each, 1 to
 * 255, times that. Those that tell most come first, of equals by their code units; each is found when it is asked for, until the next
 * topics are given.
 */
export function* createTopicTerms({
  terms: subjects,
  topics,
  starts,
  topicOf,
  weights,
}: WordTopics): Steps<TopicTerms> {
  const terms: (string | undefined)[] = [];
  const places: number[] = [];
  for (const [at, subject] of subjects.entries()) {
    if (at % AT_ONCE === 0) yield AT_ONCE * COST;
    const term = termOf(subject);
    terms.push(term);
    if (term !== undefined) places.push(at);
  }
  const endOf = new Uint32Array(topics);
  const each = function* (visit: (topic: number, at: number, weight: number) => void): Steps<void> {
    for (const [count, at] of places.entries()) {
      if (count % AT_ONCE === 0) yield AT_ONCE * COST;
      const end = starts[at + 1] as number;
      for (let index = starts[at] as number; index < end; index += 1)
        visit(topicOf[index] as number, at, weights[index] as number);
    }
  };
  let entries = 0;
  yield* each((topic) => {
    endOf[topic] = (endOf[topic] as number) + 1;
    entries += 1;
  });
  const termAt = new Uint32Array(entries);
  const weightAt = new Uint8Array(entries);
  let start = 0;
  // First where each topic begins; that moves on to its end while it is filled.
  for (let topic = 0; topic < topics; topic += 1) {
    const count = endOf[topic] as number;
    endOf[topic] = start;
    start += count;
  }
  yield* each((topic, at, weight) => {
    const place = endOf[topic] as number;
    termAt[place] = at;
    weightAt[place] = weight;
    endOf[topic] = place + 1;
  });
  /** By place in the list: all zeros but those of `told`. */
  const says = new Float64Array(terms.length);
  /** The places of what tells anything, and how many there are. */
  const told = new Uint32Array(places.length);
  let count = 0;

  function add(topic: number, times: number): void {
    const end = endOf[topic] as number;
    for (let place = topic === 0 ? 0 : (endOf[topic - 1] as number); place < end; place += 1) {
      const at = termAt[place] as number;
      const before = says[at] as number;
      if (before === 0) {
        told[count] = at;
        count += 1;
      }
      says[at] = before + times * (weightAt[place] as number);
    }
  }

  const isBefore = (one: number, other: number) => {
    const [mine, others] = [says[one] as number, says[other] as number];
    return mine > others || (mine === others && (terms[one] ?? "") < (terms[other] ?? ""));
  };

  /** `told` is a binary heap whose root comes before all others. */
  function sink(from: number): void {
    const at = told[from] as number;
    let place = from;
    for (let child = 2 * place + 1; child < count; child = 2 * place + 1) {
      if (child + 1 < count && isBefore(told[child + 1] as number, told[child] as number)) child += 1;
      if (!isBefore(told[child] as number, at)) break;
      told[place] = told[child] as number;
      place = child;
    }
    told[place] = at;
  }

  function* inOrder(): Iterable<ToldTerm> {
    while (count > 0) {
      const at = told[0] as number;
      const term = { term: terms[at] ?? "", says: says[at] as number };
      says[at] = 0;
      count -= 1;
      told[0] = told[count] as number;
      if (count > 0) sink(0);
      yield term;
    }
  }

  return (asked) => {
    for (let place = 0; place < count; place += 1) says[told[place] as number] = 0;
    count = 0;
    for (const [topic, times] of asked) add(topic, times);
    for (let place = (count >> 1) - 1; place >= 0; place -= 1) sink(place);
    return inOrder();
  };
}
