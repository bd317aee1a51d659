import type { Steps } from "./steps.ts";
import { isTwoWords } from "./subjects.ts";
import type { WordTopics } from "./word-vectors-format.ts";

/** What `createTopicTerms` comes to. */
export type TopicTerms = (topic: number, times: number, to: Float64Array) => void;

/** Subjects of one step, and the characters that one takes as long as, twice. */
const AT_ONCE = 512;
const COST = 10;

/**
 * The other way round: the subjects that tell of a topic, two words excepted, which are no term of a text.
 * @returns adds what each of those of a topic tells of it, 1 to 255, so many times to what stands at its place in the list
 */
export function* createTopicTerms({ terms, topics, starts, topicOf, weights }: WordTopics): Steps<TopicTerms> {
  const places = terms.flatMap((term, at) => (isTwoWords(term) ? [] : [at]));
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
  return (topic, times, to) => {
    const end = endOf[topic] as number;
    for (let place = topic === 0 ? 0 : (endOf[topic - 1] as number); place < end; place += 1) {
      const at = termAt[place] as number;
      to[at] = (to[at] as number) + times * (weightAt[place] as number);
    }
  };
}
