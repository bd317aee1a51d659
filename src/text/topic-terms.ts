import type { SubjectNumbers } from "./subject-numbers.ts";
import type { WordTopics } from "./word-vectors-format.ts";

/** A word, or a pair of characters, as a text's terms have it, and how much it tells. */
export interface ToldTerm {
  readonly term: string;
  readonly says: number;
}

/** What `createTopicTerms` comes to. @param timesOf by topic, how often it counts, from 0 up. */
export type TopicTerms = (timesOf: Float64Array) => Iterable<ToldTerm>;

/**
 * The other way round: the subjects that tell of topics, two words excepted, which are no term of a text. All are gone through, which takes a
 * millisecond or two and is wanted by few questions: a table by topics takes a tenth of a second to make, and more memory than all else
 * that is known of words.
 * @returns of topics the terms that tell of any that counts: how much is the sum of what they tell of each, 1 to 255, times that. Those
 * that tell most come first, of equals by their code units; each is found when it is asked for, until the next topics are given.
 */
export function createTopicTerms(
  { subjects, starts, topicOf, weights }: WordTopics,
  textAt: SubjectNumbers["textAt"],
): TopicTerms {
  const terms = subjects.kinds.length;
  const entries = starts[terms] as number;
  /** By place in the list: all zeros but those of `told`. */
  const says = new Float64Array(terms);
  /** The places of what tells anything, and how many there are. */
  const told = new Uint32Array(terms);
  let count = 0;

  /** Not subject by subject: few of all entries are of topics that count. */
  function addAll(timesOf: Float64Array): void {
    for (let at = 0, entry = 0; entry < entries; entry += 1) {
      const times = timesOf[topicOf[entry] as number] as number;
      if (times === 0) continue;
      while ((starts[at + 1] as number) <= entry) at += 1;
      const before = says[at] as number;
      if (before === 0) {
        told[count] = at;
        count += 1;
      }
      says[at] = before + times * (weights[entry] as number);
    }
  }

  const isBefore = (one: number, other: number) => {
    const [mine, others] = [says[one] as number, says[other] as number];
    // Places are in the order of code units.
    return mine > others || (mine === others && one < other);
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
      const term = { term: textAt(at), says: says[at] as number };
      says[at] = 0;
      count -= 1;
      told[0] = told[count] as number;
      if (count > 0) sink(0);
      yield term;
    }
  }

  return (timesOf) => {
    for (let place = 0; place < count; place += 1) says[told[place] as number] = 0;
    count = 0;
    addAll(timesOf);
    for (let place = (count >> 1) - 1; place >= 0; place -= 1) sink(place);
    return inOrder();
  };
}
