import { foldText } from "../text/normalise.ts";
import { remember } from "../text/remember.ts";

/** What a question asks a figure of, and how texts say one. Expressions are of folded text. */
interface Kind {
  readonly asked: RegExp;
  readonly said: RegExp;
}

const NUMBER =
  "(?:\\d|[一二两三四五六七八九十百千万半几]|\\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|sixty|ninety)\\b)";
const TIME =
  "\\d{1,2}[:：]\\d\\d|\\d\\s?(?:am|pm|a\\.m|p\\.m)|[\\d一二两三四五六七八九十]\\s?点|\\bnoon\\b|\\bmidnight\\b|24/7|全天|24 ?小时";
const SPAN = `${NUMBER}[\\s-]*(?:(?:working|business|calendar|full|个)[\\s-]*)?(?:seconds?|minutes?|mins?|hours?|hrs?|days?|nights?|weeks?|months?|years?|秒|分钟|小时|个?工作日|个?自然日|天|日|周|星期|个月|月|年)`;
const SOON =
  "\\bimmediately\\b|\\bat once\\b|\\bsame day\\b|\\bstraight away\\b|立即|立刻|当天|当日|次日|随时|实时|马上";

const kinds: readonly Kind[] = [
  {
    asked:
      /\bhow much (?:is|are|does (?:it|this|that) cost|do (?:i|we|you) (?:pay|charge)|money|for|to|will|would|extra)\b|\b(?:prices?|costs?|fees?|pay extra)\b|多少钱|多少元|费用|价格|价钱|收费|要钱|花钱|几块|贵不贵|运费|押金/u,
    said: /[¥￥$€£₹]\s?\d|\d\s?(?:元|块|角|yuan|dollars?|euros?|pounds?|rupees?|rs\b|usd|eur|gbp|cny|cents?|p\b)|\b(?:rs|inr|usd|eur|gbp|cny|rmb)\.?\s?\d|免费|不收费|\bfree\b|no (?:extra )?charge|at no cost|%|折/u,
  },
  {
    asked:
      /\bhow (?:long|soon|quickly|fast|often|many (?:days|weeks|months|hours|years|minutes|nights))\b|\bhow much (?:time|longer)\b|\bdeadline\b|多久|多长时间|几天|多少天|几个月|几小时|多少小时|几个工作日|几年|期限|时限/u,
    said: new RegExp(`${SPAN}|${SOON}`, "u"),
  },
  {
    asked:
      /\bwhat time\b|\bopening hours\b|\b(?:open|close|closed|closing)\b.{0,20}\b(?:at|till|until|on|time)\b|几点|营业时间|工作时间|上班时间|服务时间/u,
    said: new RegExp(TIME, "u"),
  },
  {
    asked:
      /^(?:\W*\w+ )?when (?:is|are|do|does|did|will|can|should|must)\b|\bby when\b|\bat the latest\b|什么时候|何时|啥时候|哪天|最晚|最迟|什么时间/u,
    said: new RegExp(
      `${TIME}|${SPAN}|${SOON}|\\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\\b|周[一二三四五六日末]|每[天日周月年季]|\\b(?:daily|weekly|monthly|yearly|every)\\b|\\d\\s?月|\\b(?:january|february|march|april|june|july|august|september|october|november|december)\\b`,
      "u",
    ),
  },
  {
    asked:
      /\bhow many\b(?! (?:days|weeks|months|hours|years|minutes|nights))|\bmaximum\b|\blimit\b|几个|多少个|几次|多少次|几人|多少人|几张|几台|上限|最多/u,
    said: new RegExp(`${NUMBER}|\\b(?:once|twice|unlimited|no limit)\\b|不限`, "u"),
  },
  {
    asked:
      /\bhow (?:heavy|big|tall|wide|high|large|deep|far|loud|thick)\b|\bweighs?\b|\bdimensions?\b|多大|多重|多高|多宽|多远|多厚|尺寸|重量|体积|多少升|多少克|功率/u,
    said: /\d\s?(?:kg|g|mg|lb|lbs|oz|km|m|cm|mm|inch|inches|ft|feet|l|ml|litres?|liters?|w|kw|watts?|db|mb|gb|tb|metres?|meters?|公斤|千克|克|斤|公里|千米|米|厘米|毫米|升|毫升|瓦|分贝|寸|英寸)(?![a-z])|\d\s?[x×*]\s?\d/u,
  },
  {
    asked:
      /\b(?:phone number|hotline|e-?mail address|who (?:do|can|should) i (?:contact|call|e-?mail))\b|电话是|电话多少|号码是|号码多少|热线|邮箱地址|联系方式/u,
    said: /@|\d{3,4}[-\s]\d{3,4}|\d{7,}|\bext(?:ension)?\.? ?\d|分机/u,
  },
];

/** The kinds that a passage says, by their index: it comes again for other questions. */
const saidIn = remember(500, (passage): ReadonlySet<number> => {
  const folded = foldText(passage);
  return new Set(kinds.flatMap(({ said }, index) => (said.test(folded) ? [index] : [])));
});

/** Whether a text says a figure of a kind that is asked for. */
export interface FigureAsked {
  readonly isSaidIn: (passage: string) => boolean;
  readonly isSaidBy: (sentence: string) => boolean;
}

/** Of a question for a figure ("how much": an amount of money; "多久": a length of time); undefined where it asks for none. */
export function figureAsked(question: string): FigureAsked | undefined {
  const folded = foldText(question);
  const asked = kinds.flatMap((kind, index) => (kind.asked.test(folded) ? [{ kind, index }] : []));
  if (asked.length === 0) return undefined;
  return {
    isSaidIn: (passage) => asked.some(({ index }) => saidIn(passage).has(index)),
    isSaidBy(sentence) {
      const read = foldText(sentence);
      return asked.some(({ kind }) => kind.said.test(read));
    },
  };
}
