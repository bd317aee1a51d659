import { foldText } from "../text/normalise.ts";
import type { TextSpan } from "../text/sentences.ts";
import type { Evidence } from "./evidence.ts";

/**
 * Logistic model of "this passage answers the question", fitted on eight sets of answerable and unanswerable questions in
 * two languages, each set and answer weighing the same; AUROC on a set left out of the fit 0.79 to 0.99, 0.54 where other texts
 * answer as well. The bias is higher than fitted by 0.2: of questions to shops without an answer 70 to 93 of a hundred are refused.
 * A question that tells much must find much, hence the minus. It sees only words, so that it means the same with vectors, without, and with any reranker.
 */
const model = {
  sentence: 1.15,
  heading: 0.81,
  mass: 3.96,
  meaning: 1.59,
  lead: 3.42,
  sureness: -1.61,
  bias: -3.01,
} as const;

/** From here on an answer is more likely right than not. */
export const ANSWER_THRESHOLD = 0.5;

/**
 * From here on a passage is given to a model to read, which understands it and may say that it does not answer: of the sample's held-out
 * questions MEASURED.
 */
export const READING_THRESHOLD = 0.1;

/** From here on a passage is worth a look: below it, more of what is shown is about something else than the question. */
export const RELATED_THRESHOLD = 0.25;
/**
 * The same for a passage in another language than the question's, by how near it is in meaning. Of the questions of the sample's sets to its
 * pages in the other language 94 of 100 that name any section name the right one, and 8 of 70 without an answer name one.
 */
export const RELATED_MEANING = 0.45;

const MOST_SENTENCES = 3;
/** A further sentence is cited when its words and its meaning say this share of what the best one's do. */
const FURTHER_SHARE = 0.6;
/** What a number adds to a sentence when one is asked for. */
const NUMBER_BONUS = 0.5;

const ASKS_NUMBER =
  /\bhow (?:many|much|long|often|old|far|high|loud|soon|quickly|big|large|late)\b|\bwhen\b|\bwhat (?:time|price|number|percentage)\b|\b(?:deadline|cost|price|fee)\b|多少|多久|多长|几|何时|什么时候|多大|多高|多远|多重|期限|时限|价格|费用|最晚|最迟/u;
const HOLDS_NUMBER =
  /\p{Nd}|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twice|once|free|immediately|daily|weekly|monthly|yearly)\b|[一二三四五六七八九十两百千半]\s?(?:[天日个周年月次杯件张元小]|分钟)|免费|随时|当天|次日|立即/u;

/**
 * Probability from 0 to 1 that the passage answers the question.
 * @param others how near in meaning the other candidates are on the whole, -1 to 1: what is near to all of them tells them little apart.
 */
export function fitOf(evidence: Evidence, others: number): number {
  const z =
    model.sentence * evidence.sentence +
    model.heading * evidence.heading +
    model.mass * evidence.mass +
    model.meaning * evidence.meaning +
    model.lead * (evidence.meaning - others) +
    model.sureness * evidence.sureness +
    model.bias;
  return 1 / (1 + Math.exp(-z));
}

/**
 * The sentences of a passage that answer, at most three, in the order of the text; spans count in the passage. A passage of no more
 * than three is cited whole: what stands beside the best sentence is mostly its condition, or what to do next.
 */
export function answeringSentences(question: string, passage: string, evidence: Evidence): readonly TextSpan[] {
  if (evidence.sentences.length <= MOST_SENTENCES) return evidence.sentences.map(({ start, end }) => ({ start, end }));
  const asksNumber = ASKS_NUMBER.test(foldText(question));
  const rated = evidence.sentences.map(({ start, end, share, meaning }) => {
    const bonus = asksNumber && HOLDS_NUMBER.test(foldText(passage.slice(start, end))) ? NUMBER_BONUS : 0;
    return { start, end, rate: share + Math.max(0, meaning()) + bonus };
  });
  const best = Math.max(0, ...rated.map(({ rate }) => rate));
  return rated
    .filter(({ rate }) => rate >= best * FURTHER_SHARE)
    .sort((a, b) => b.rate - a.rate || a.start - b.start)
    .slice(0, MOST_SENTENCES)
    .sort((a, b) => a.start - b.start)
    .map(({ start, end }) => ({ start, end }));
}
