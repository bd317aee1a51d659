import type { Language } from "../../../text/language.ts";
import { createMatcher, type Matcher } from "../../rules/phrase.ts";

/** By what a sentence of a reply is told apart besides what the language resources list. */
export interface GroundingWords {
  /** Agrees with the user, at the beginning of a sentence. */
  readonly agrees: RegExp;
  /** Says that something may be done. */
  readonly permits: Matcher;
  /** Says that a time is over, or tells what the user has said: no claim of ours. */
  readonly retells: Matcher;
  /** Says that an address or a number is not ours, or not known. */
  readonly disowns: Matcher;
  /** Says that an address is one of the user's. */
  readonly theirs: Matcher;
  /** Points to us. */
  readonly ours: Matcher;
  /** Turns a denial of others into a recommendation. */
  readonly besides: Matcher;
  /** Says that something is not known or cannot be looked up. */
  readonly unknowing: Matcher;
  /** Numbers that only number, and days of good wishes: no figures. */
  readonly uncounted: readonly RegExp[];
}

const UNIT =
  "(?:[a-z]+[\\s-])?(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|percent|yuan|euros?|dollars?|pounds?)\\b";
/** A number that measures is a figure however it is written. */
const NO_MEASURE = `(?!\\s*(?:${UNIT}|[%元折天]|个?工作日|个月|个?小时|分钟|[年周日]内))`;
/** Numbers up to 20 behind a word, that no decimals follow. */
const NUMBERING = `(?:1?\\d|20)(?![.,:]?\\d)${NO_MEASURE}`;
/** Notation that both languages number with: circled digits, keycaps, citations, numbers in brackets. */
const MARKS = [
  "[\\u2460-\\u2473\\u24EA\\u2776-\\u277F]",
  "\\d\\uFE0F?\\u20E3",
  "\\[\\d{1,2}\\](?:\\(#[^\\s)]*\\))?",
  "[（(]\\d{1,2}[)）]",
].map((mark) => new RegExp(mark + NO_MEASURE, "giu"));

export const groundingWords: Readonly<Record<Language, GroundingWords>> = {
  en: {
    agrees:
      /^\W*(?:yes|yeah|yep|sure|certainly|absolutely|of course|correct|exactly|indeed|right|that's right|that is right)\b/iu,
    permits: createMatcher(
      ["can", "may", "able", "allowed", "possible", "fine", "okay", "accept", "still"],
      [
        "can no longer",
        "can not",
        "may not",
        "may no longer",
        "not able",
        "not allowed",
        "not possible",
        "no longer possible",
        "no longer allowed",
        "not accept",
      ],
    ),
    retells: createMatcher([
      "past",
      "[has|have|had] closed",
      "is closed",
      "expired",
      "has ended",
      "[is|are] over",
      "ago",
      "outside",
      "[has|have] passed",
      "[it|it's|it is] been",
      "it has been",
      "as it has been",
      "[you|you've] [have|] had",
      "you [have|] [bought|received|ordered|asked|mentioned|said|wrote|kept]",
      "you've [had|bought|received|asked|mentioned|said]",
      "instead of",
      "rather than",
    ]),
    disowns: createMatcher([
      "[is not|isn't|are not|aren't|was not|wasn't] [one of|] [our|ours|us|from us|an official|official|a number of ours|known|listed]",
      "not [one of|] our",
      "not ours",
      "not an official",
      "not official",
      "not from us",
      "does not belong",
      "doesn't belong",
      "[do not|don't|never|please do not|please don't] [know|recognise|recognize|call|use|pay|visit|open|trust|click|have|find|enter|dial|follow]",
      "[cannot|can't|can not|could not|couldn't|am not able to|unable to] [confirm|find|verify|say|tell]",
    ]),
    theirs: createMatcher([
      "your [e-mail|email|mail|phone|telephone|mobile|contact|number|address]",
      "[reach|contact|write to|email|e-mail|mail|call] you",
    ]),
    ours: createMatcher(["our", "ours", "us", "hotline", "official", "support"]),
    besides: createMatcher(["but", "except", "other than", "only", "anyone", "anything", "else", "instead"]),
    unknowing: createMatcher([
      "[do not|don't] know",
      "[do not|don't] have [any|] information",
      "[could not|couldn't|cannot|can't|did not|didn't] find",
      "found [nothing|no]",
      "not sure",
      "[cannot|can't] [say|tell|confirm|answer|search]",
      "at the moment",
    ]),
    uncounted: [
      ...MARKS,
      new RegExp(`(?:^|[\\s(*_])(?:method|way|case|tip|reason|rule|note|scenario|question)\\s*${NUMBERING}`, "giu"),
      /\bhave an? (?:\w+ )?(?:day|week|year)\b/giu,
    ],
  },
  zh: {
    agrees: /^[^\p{L}\p{N}]*(?:可以|是的|没错|对(?=[，,。！!的呀啊])|当然|能的|行|好的|没问题|嗯|支持)/u,
    permits: createMatcher(
      ["能", "可以", "可", "行", "没问题", "支持"],
      ["不能", "不可以", "不可", "未能", "不支持", "不行", "可能", "进行", "银行"],
    ),
    retells: createMatcher([
      "已过",
      "过了",
      "过期",
      "到期",
      "已经过",
      "已签收",
      "签收了",
      "已经",
      "您说",
      "您提到",
      "您问",
      "您的订单已",
      "您购买",
      "您已",
      "之前",
      "以前",
      "截止",
      "结束",
      "而不是",
    ]),
    disowns: createMatcher(
      [
        "[不是|并非|并不是|不属于]...[我们|本店|官方|客服]",
        "[不是|并非|并不是|不属于][我们|本店|官方]",
        "[请勿|不要|切勿|请不要|别]...[拨打|访问|点击|付款|打开|使用|相信|转账]",
        "[请勿|不要|切勿|请不要|别][拨打|访问|点击|付款|打开|使用|相信|转账]",
        "[没有|没|未|无法|不能]...[查到|找到|确认|证实|核实]",
        "[没有|没|未|无法|不能][查到|找到|确认|证实|核实]",
        "不知道",
        "不清楚",
        "不认识",
      ],
      ["别忘", "不要忘", "别犹豫", "不要犹豫", "不要错过", "别错过"],
    ),
    theirs: createMatcher([
      "[您的|你的|您|你][邮箱|电话|手机|号码|联系方式|手机号]",
      "联系[您|你]",
      "致电[您|你]",
      "发[到|至][您|你]",
    ]),
    ours: createMatcher(["我们", "本店", "官方", "客服", "热线"]),
    besides: createMatcher(["只", "除", "而是", "而要", "改"]),
    unknowing: createMatcher([
      "不知道",
      "不清楚",
      "不确定",
      "[没有|没|未][找到|查到|能找到]",
      "[无法|不能|还不能][确认|回答|确定|告诉|检索|查询]",
      "没有...[信息|说明]",
      "暂时",
    ]),
    uncounted: [
      ...MARKS,
      /(?:方法|方式|情况|提示|办法|途径|问题|条件|要点|场景|方案|选项)\s*[\d一二三四五六七八九十]{1,2}(?=\s*(?:[:：、，,）)]|$))/gu,
      /(?:愉快|美好|开心|快乐|顺心|充实|顺利)的一天|[同某每这那有]一天/gu,
    ],
  },
};
