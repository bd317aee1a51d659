import { z } from "zod";
import { emotionWords, expressions, matcher, text } from "./pack-values.ts";

/** The fields of a language by which messages are understood. */
export const understanding = {
  /** Shown where people choose a language. */
  name: text,
  /** Words that say nothing by themselves: "please", "你们". */
  fillers: matcher,
  /** Words at which a sentence falls into clauses of their own: "and", "另外". */
  connectors: matcher,
  smallTalk: z.array(z.strictObject({ name: text, words: matcher, reply: text })).min(1),
  confirmation: z.strictObject({ yes: matcher, no: matcher }),
  human: matcher,
  /** Names a person without asking for one: a request only when it is the whole message. */
  bareHuman: matcher,
  topicSwitch: matcher,
  followUp: matcher,
  /** How a follow-up leads in a subject of its own: "what about", "呢". */
  subjectChange: matcher,
  /** What a question wants to know of its subject, and how that is put into a search. */
  frames: z.array(z.strictObject({ words: matcher, search: text })).min(1),
  /** What turns a word into its opposite when it stands right before it: "un" in "unopened", "未" in "未拆封". */
  negativePrefixes: z.array(text).min(1),
  knowledge: z.strictObject({
    /** General rules and know-how: knowledge, whatever else the clause names. */
    policy: matcher,
    /** A question, which is knowledge unless it asks for the user's own records. */
    question: matcher,
  }),
  business: z.strictObject({
    /** Asks for the user's own record. */
    asks: z.strictObject({ order: matcher, return: matcher, member: matcher, account: matcher }),
    /** Names something of the user's own without asking. */
    mentions: z.strictObject({ order: matcher, return: matcher, member: matcher, account: matcher }),
    /** Right after an order was looked up: asks for more of it. */
    details: matcher,
    /** Wants an order to be returned, now; not a question about it. */
    createReturn: matcher,
    /** Wants a return to be cancelled, now. */
    cancelReturn: matcher,
    /** Why goods go back. */
    reasons: z.strictObject({ wrong_item: matcher, quality: matcher, changed_mind: matcher, other: matcher }),
    /** What a yes may repeat of the change: "yes, return it". */
    restates: z.strictObject({ createReturn: matcher, cancelReturn: matcher }),
    /** In the last reply: the user was shown a change and asked for a yes. */
    offered: matcher,
    /** In the last reply: the user was asked which order to return, or why. */
    askedForReturn: matcher,
    askedWhy: matcher,
    /** In the last reply: the user was asked which return to cancel. */
    askedForCancel: matcher,
  }),
  ticket: z.strictObject({
    open: matcher,
    status: matcher,
    /** Asks for the tickets of the user, not for one. */
    list: matcher,
    /** Something went wrong, said and not asked. */
    problem: matcher,
    /** In the last reply: the user was offered a ticket. */
    offered: matcher,
    /** In the last reply: the user was asked to describe the problem. */
    asked: matcher,
    categories: z.strictObject({
      complaint: matcher,
      account: matcher,
      logistics: matcher,
      product: matcher,
      after_sale: matcher,
    }),
    priorities: z.strictObject({ urgent: matcher, high: matcher, low: matcher }),
  }),
  emotion: z.strictObject({
    anger: emotionWords,
    anxiety: emotionWords,
    disappointment: emotionWords,
    satisfaction: emotionWords,
    /** Raise the score of an emotion that was found by one. */
    emphasis: matcher,
  }),
  /** First capture groups joined are the number, in upper case without spaces. */
  numbers: z.strictObject({
    order: expressions,
    return: expressions,
    ticket: expressions,
    phone: expressions,
    email: expressions,
  }),
};
