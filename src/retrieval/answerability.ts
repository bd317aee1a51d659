import type { Language } from "../text/language.ts";
import { foldText } from "../text/normalise.ts";
import type { TextSpan } from "../text/sentences.ts";
import type { Features } from "./answer-features.ts";
import { answerModel } from "./answer-model.ts";
import { createTerms, namesOfTerms } from "./answer-terms.ts";
import type { Evidence } from "./evidence.ts";

/** From here on an answer is more likely right than not. */
export const ANSWER_THRESHOLD = 0.5;

/**
 * A passage in another language than the question's answers only where it says this share of the question's own words, such as names and
 * codes: a meaning across languages is a guess.
 */
export const FOREIGN_SENTENCE = 0.7;
/** The score of any other one is at most this. */
export const MOST_GUESSED = 0.4;

/**
 * From here on a passage is given to a model to read, which understands it and may say that it does not answer: what is read then holds
 * the answer to 178 of the sample's 180 questions that have one.
 */
export const READING_THRESHOLD = 0.05;

/** From here on a passage is worth a look: below it, more of what is shown is about something else than the question. */
export const RELATED_THRESHOLD = 0.2;
/**
 * The same for a passage in another language than the question's, by how near it is in meaning. Of 120 questions of the sample's sets to its
 * pages in the other language 113 name a section, 112 of them the right one, and of 70 without an answer 19 name one.
 */
export const RELATED_MEANING = 0.4;

const MOST_SENTENCES = 3;
/** A further sentence is cited when its words and its meaning say this share of what the best one's do. */
const FURTHER_SHARE = 0.6;
/** What a number adds to a sentence when one is asked for. */
const NUMBER_BONUS = 0.8;

const ASKS_NUMBER =
  /\bhow (?:many|much|long|often|old|far|high|loud|soon|quickly|big|large|late)\b|\bwhen\b|\bwhat (?:time|price|number|percentage)\b|\b(?:deadline|cost|price|fee)\b|多少|多久|多长|几|何时|什么时候|多大|多高|多远|多重|期限|时限|价格|费用|最晚|最迟/u;
const HOLDS_NUMBER =
  /\p{Nd}|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twice|once|free|immediately|daily|weekly|monthly|yearly)\b|[一二三四五六七八九十两百千半]\s?(?:[天日个周年月次杯件张元小]|分钟)|免费|随时|当天|次日|立即/u;

const answerTerms = createTerms(answerModel.inputs);
const weights = namesOfTerms.map((name) => answerModel.weights[name] as number);

/**
 * How likely it is that the passage answers the question, 0 to 1.
 * @param language of the question: words are counted otherwise in each
 */
export function fitOf(features: Features, language: Language): number {
  const terms = answerTerms(features, language);
  const odds = terms.reduce((sum, term, index) => sum + term * (weights[index] as number), answerModel.bias[language]);
  return 1 / (1 + Math.exp(-odds));
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
