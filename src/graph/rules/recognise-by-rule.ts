import { detectLanguage } from "../../text/language.ts";
import type { Intent, Language } from "../language.ts";
import type { PastTurn, Recognition, Slots } from "../state.ts";
import { analyse, type Clause, contentOf, smallTalkOf } from "./analyse.ts";
import { hasMeaning, readable } from "./clauses.ts";
import { consentOf } from "./consent.ts";
import { isNegative, moodOf } from "./emotion.ts";
import { extractEntities } from "./entities.ts";
import { isFollowUp } from "./follow-up.ts";
import { isBareHumanRequest } from "./human-request.ts";
import type { LanguagePack, LanguagePacks } from "./language-pack.ts";
import { withOrderDetails } from "./order-details.ts";
import { continuedChange, dropsQuestion, reasonOf, wishOf } from "./return-wish.ts";
import { cancelsTicket, tellsProblem } from "./ticket-answer.ts";
import { switchesTopic } from "./topic-switch.ts";

/** Intents, emotion, topic switch and language, from the resources alone. Deterministic. */
export function recogniseByRule(
  message: string,
  history: readonly PastTurn[],
  slots: Slots,
  packs: LanguagePacks,
): Recognition {
  const language = languageOf(message, history, packs);
  const pack = packs[language];
  const text = readable(message);
  const mood = moodOf(text, pack);
  const last = history.at(-1);
  const sentences = withOrderDetails(analyse(text, pack, packs), last, slots, pack);
  const clauses = sentences.flatMap((sentence) => sentence.clauses);
  const wantsPerson = isBareHumanRequest(text, pack);
  const answer = wantsPerson ? "human_request" : answerOf({ message, text, last, clauses, slots }, pack, packs);
  const asked = answer === undefined ? askedFor(text, last, clauses, pack) : [answer];
  const upset = isNegative(mood.emotion) && mood.score >= UPSET;
  const found = upset ? ["emotion_sensitive" as const, ...asked] : asked;
  const [first = fallbackIntent(text, mood, pack), ...others] = found;
  const intents: Recognition["intents"] = [first, ...others];
  return {
    intents,
    emotion: mood.emotion,
    emotionScore: mood.score,
    topicSwitch:
      answer !== "business_query" &&
      answer !== "ticket" &&
      switchesTopic({ text, intents, history, slots, pack, entities: extractEntities(text, packs) }),
    language,
  };
}

/** From this score on, an unpleasant emotion is a subject of the message by itself. */
const UPSET = 4;

/** Letters of the message decide; one that has none but those of a number is in the language of the last turn. */
export function languageOf(message: string, history: readonly PastTurn[], packs: LanguagePacks): Language {
  const last = history.at(-1);
  const bare = (text: string) => text.toUpperCase().replace(/[ -]/g, "");
  const numbers = Object.values(extractEntities(message, packs));
  const words = numbers.reduce((rest: string, number) => rest.replace(bare(number), ""), bare(readable(message)));
  if (last && !/\p{L}/u.test(words)) return detectLanguage(last.user);
  return detectLanguage(message);
}

interface Answer {
  readonly message: string;
  readonly text: string;
  readonly last: PastTurn | undefined;
  readonly clauses: readonly Clause[];
  readonly slots: Slots;
}

/** What a message is that answers the last reply: a yes or no, what was asked for, or that it is not wanted any more. */
function answerOf(
  { message, text, last, clauses, slots }: Answer,
  pack: LanguagePack,
  packs: LanguagePacks,
): Intent | undefined {
  const consent = consentOf(message, last, slots, packs);
  if (consent) return consent === "yes" ? "business_query" : "chitchat";
  if (!last) return undefined;
  if (continuedChange(text, last, clauses, pack, packs)) return "business_query";
  if (answersOffer(text, last, clauses, pack)) return "ticket";
  return cancelsTicket(text, last, pack) || dropsQuestion(text, last, pack, packs) ? "chitchat" : undefined;
}

function askedFor(
  text: string,
  last: PastTurn | undefined,
  clauses: readonly Clause[],
  pack: LanguagePack,
): readonly Intent[] {
  const found = new Set<Intent>();
  const wishes = clauses.some(({ topic }) => wishOf(topic) !== undefined);
  for (const { topic, text: clause } of clauses) {
    // "It is not what I ordered" beside the wish to return it says why.
    if (wishes && topic.kind === "knowledge_qa" && !topic.policy && reasonOf(clause, pack)) continue;
    switch (topic.kind) {
      case "remark":
        break;
      case "problem":
      case "ticket_open":
      case "ticket_status":
        found.add("ticket");
        break;
      default:
        found.add(topic.kind);
    }
  }
  // A question beside a problem asks what to do about it; only an explicit wish opens a ticket then.
  const wantsTicket = clauses.some(({ topic }) => topic.kind === "ticket_open" || topic.kind === "ticket_status");
  if ((found.has("knowledge_qa") || wishes) && !wantsTicket) found.delete("ticket");
  // Naming one's order beside a question explains the question.
  const asksRecords = clauses.some(({ topic }) => topic.kind === "business_query" && topic.asks);
  if (found.has("knowledge_qa") && !asksRecords) found.delete("business_query");
  if (found.size === 0 && last && isFollowUp(text, pack) && continues(last.intent)) found.add(last.intent);
  return [...found];
}

/** "Yes" to an offered ticket, or the description that was asked for. */
export function answersOffer(text: string, last: PastTurn, clauses: readonly Clause[], pack: LanguagePack): boolean {
  if (tellsProblem(text, last, clauses, pack)) return true;
  if (!pack.ticket.offered.test(last.bot) || text.length > LONGEST_CONFIRMATION) return false;
  const { yes } = pack.confirmation;
  // "你好" has a yes in it, and agrees to nothing.
  const bare = pack.smallTalk
    .filter(({ name }) => name === "greeting")
    .reduce((left, { words }) => words.blank(left), text);
  return yes.test(bare) && !contentOf(yes.blank(bare), pack);
}

const LONGEST_CONFIRMATION = 40;

function continues(intent: Intent): boolean {
  return intent === "knowledge_qa" || intent === "business_query" || intent === "ticket";
}

function fallbackIntent(text: string, mood: ReturnType<typeof moodOf>, pack: LanguagePack): Intent {
  if (!hasMeaning(text) || !/\p{L}/u.test(text) || isGibberish(text)) return "unknown";
  if (!contentOf(text, pack)) return smallTalkOf(text, pack).length > 0 ? "chitchat" : "unknown";
  if (isNegative(mood.emotion)) return "emotion_sensitive";
  return mood.emotion === "satisfaction" ? "chitchat" : "knowledge_qa";
}

/** Keys struck at random: only Latin words, each of four letters or more without a vowel or with six consonants. */
function isGibberish(text: string): boolean {
  const words = text.match(/\p{L}+/gu) ?? [];
  return words.every((word) => /^[a-z]{4,}$/i.test(word) && (!/[aeiouy]/i.test(word) || /[^aeiouy]{6}/i.test(word)));
}
