import { readFileSync } from "node:fs";
import { z } from "zod";
import { type Language, languages } from "../language.ts";
import { createMatcher } from "./phrase.ts";

/** Longest part of a message that the rules read, in UTF-16 units; what decides stands at its beginning. */
export const MAX_RULE_TEXT = 2_000;

const phrases = z.array(z.string().min(1)).min(1);
const matcher = z
  .strictObject({ any: phrases, except: phrases.optional() })
  .transform(({ any, except }) => createMatcher(any, except));
const expressions = z
  .array(z.string().min(1))
  .min(1)
  .transform((sources, context) => {
    return sources.map((source) => {
      try {
        return new RegExp(source, "giu");
      } catch (error) {
        context.addIssue({ code: "custom", message: `"${source}" is not a regular expression: ${String(error)}` });
        return z.NEVER;
      }
    });
  });
const emotionWords = z.array(z.strictObject({ score: z.int().min(1).max(5), words: matcher })).min(1);
const text = z.string().min(1);

const packSchema = z.strictObject({
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
  /** By what the sentences of a reply are told apart when it is held against what came back. */
  grounding: z.strictObject({
    /** Says nothing of the matter: greetings, apologies, offers, that something is not known. */
    courtesy: matcher,
    denies: matcher,
    /** Sets one figure against another: "longer than", "超过". */
    exceeds: matcher,
    /** Figures that only count the parts of the reply: "step 2", "三种方式". */
    enumerates: expressions,
  }),
  replies: z.strictObject({
    /** Must be in every reply that shows made-up records. */
    sampleLabel: text,
    /** Follows each made-up record. */
    sampleMark: text,
    refusal: text,
    /** Follows a refusal where nearly all help pages are in that other language. */
    pagesIn: z.partialRecord(z.enum(languages), text),
    unclear: text,
    knowledgeUnavailable: text,
    failed: text,
    noted: text,
    askProblem: text,
    askNumber: text,
    askReturnId: text,
    businessUnavailable: text,
    orderNotFound: text,
    noOrders: text,
    returnNotFound: text,
    memberNotFound: text,
    accountNotFound: text,
    ticketNotFound: text,
    noTickets: text,
    ticketUnavailable: text,
    soothe: z.strictObject({ anger: text, anxiety: text, disappointment: text }),
    satisfied: text,
    moreHelp: text,
    handoff: text,
    handoffOffHours: text,
    handoffTicket: text,
    handoffUnsaved: text,
  }),
  /** Words of changes that need a yes. `change` is one of the first two. */
  changes: z.strictObject({
    createReturn: text,
    cancelReturn: text,
    offerReturn: text,
    offerCancel: text,
    askYes: text,
    askYesInDoubt: text,
    askOrder: text,
    askReason: text,
    askReturn: text,
    reasons: z.strictObject({ quality: text, wrong_item: text, changed_mind: text, other: text }),
    returnRequested: text,
    returnCancelled: text,
    refused: text,
    refusals: z.strictObject({
      not_delivered: text,
      too_late: text,
      already_returned: text,
      not_returnable: text,
      not_cancellable: text,
      refused: text,
    }),
    unconfirmed: text,
    unsent: text,
    unavailable: text,
    dropped: text,
    droppedInDoubt: text,
  }),
  records: z.strictObject({
    order: text,
    orderTracking: text,
    orderExpected: text,
    orderDelivered: text,
    orders: text,
    returnCase: text,
    refund: text,
    member: text,
    account: text,
    ticketOpened: text,
    ticket: text,
    tickets: text,
    itemGap: text,
    orderStatus: z.strictObject({ paid: text, packed: text, shipped: text, delivered: text, cancelled: text }),
    returnStatus: z.strictObject({ requested: text, received: text, refunded: text, rejected: text, cancelled: text }),
    memberLevel: z.strictObject({ standard: text, silver: text, gold: text }),
    ticketStatus: z.strictObject({ pending: text, processing: text, resolved: text, closed: text }),
    ticketCategory: z.strictObject({
      after_sale: text,
      logistics: text,
      product: text,
      account: text,
      complaint: text,
    }),
    ticketPriority: z.strictObject({ urgent: text, high: text, medium: text, low: text }),
  }),
  summary: z.strictObject({
    asked: text,
    earlier: text,
    mood: text,
    numbers: text,
    reason: z.strictObject({
      user_request: text,
      strong_anger: text,
      repeated_failure: text,
      business_unreachable: text,
      complex: text,
    }),
    emotions: z.strictObject({ anger: text, anxiety: text, disappointment: text, satisfaction: text, neutral: text }),
  }),
});

/** Everything that the rules and the fixed replies know of one language. */
export type LanguagePack = z.output<typeof packSchema>;
export type LanguagePacks = Readonly<Record<Language, LanguagePack>>;

const macrosSchema = z.looseObject({ macros: z.record(z.string().regex(/^[a-z]+$/), phrases) });

/**
 * Reads and compiles `<language>.json` of every language from the folder, whose URL ends in a slash.
 * @throws {Error} that names the file and, for a wrong value, where it stands.
 */
export function loadLanguagePacks(directory: URL): LanguagePacks {
  return Object.fromEntries(languages.map((language) => [language, load(directory, language)])) as Record<
    Language,
    LanguagePack
  >;
}

function load(directory: URL, language: Language): LanguagePack {
  const file = new URL(`${language}.json`, directory);
  try {
    return parseLanguagePack(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new Error(`language resource ${file.pathname}: ${reason}`, { cause: error });
  }
}

/** @throws {z.ZodError} with the path of each wrong value; {RangeError} for a macro that is not defined. */
export function parseLanguagePack(json: unknown): LanguagePack {
  const { macros, ...rest } = macrosSchema.parse(json);
  return packSchema.parse(expand(rest, macros));
}

/** Replaces `<name>` in every string by the choice `[a|b]` of that macro. */
function expand(value: unknown, macros: Readonly<Record<string, readonly string[]>>): unknown {
  if (typeof value === "string") {
    return value.replace(/<([a-z]+)>/g, (_, name: string) => {
      const choice = macros[name];
      if (!choice) throw new RangeError(`<${name}> is not one of the macros: ${Object.keys(macros).join(", ")}`);
      return `[${choice.join("|")}]`;
    });
  }
  if (Array.isArray(value)) return value.map((item) => expand(item, macros));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, expand(item, macros)]));
}

/** Fills `{name}` in a template; a name without a value is a defect of the resource. */
export function fill(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{([a-zA-Z]+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new RangeError(`no value for {${name}} in "${template}"`);
    return String(value);
  });
}
