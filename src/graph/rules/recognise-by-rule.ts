import { detectLanguage } from "../../text/language.ts";
import type { Intent, Language } from "../language.ts";
import type { PastTurn, Recognition, Slots } from "../state.ts";
import { analyse, type Clause, contentOf, smallTalkOf } from "./analyse.ts";
import { hasMeaning, readable } from "./clauses.ts";
import { isNegative, moodOf } from "./emotion.ts";
import { extractEntities } from "./entities.ts";
import { isFollowUp } from "./follow-up.ts";
import { isBareHumanRequest } from "./human-request.ts";
import type { LanguagePack, LanguagePacks } from "./language-pack.ts";
import { withOrderDetails } from "./order-details.ts";
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
  const answers = !wantsPerson && last !== undefined && answersOffer(text, last, clauses, pack);
  const asked = wantsPerson ? (["human_request"] as const) : askedFor(text, last, clauses, pack, answers);
  const upset = isNegative(mood.emotion) && mood.score >= UPSET;
  const found = upset ? ["emotion_sensitive" as const, ...asked] : asked;
  const [first = fallbackIntent(text, mood, pack), ...others] = found;
  const intents: Recognition["intents"] = [first, ...others];
  return {
    intents,
    emotion: mood.emotion,
    emotionScore: mood.score,
    topicSwitch:
      !answers && switchesTopic({ text, intents, history, slots, pack, entities: extractEntities(text, packs) }),
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

function askedFor(
  text: string,
  last: PastTurn | undefined,
  clauses: readonly Clause[],
  pack: LanguagePack,
  answers: boolean,
): readonly Intent[] {
  if (answers) return ["ticket"];
  if (last && cancelsTicket(text, last, pack)) return ["chitchat"];
  const found = new Set<Intent>();
  for (const { topic } of clauses) {
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
  if (found.has("knowledge_qa") && !wantsTicket) found.delete("ticket");
  // Naming one's order beside a question explains the question.
  const asksRecords = clauses.some(({ topic }) => topic.kind === "business_query" && topic.asks);
  if (found.has("knowledge_qa") && !asksRecords) found.delete("business_query");
  if (found.size === 0 && last && isFollowUp(text, pack) && continues(last.intent)) found.add(last.intent);
  return [...found];
}

/** "Yes" to an offered ticket, or the description that was asked for. */
export function answersOffer(text: string, last: PastTurn, clauses: readonly Clause[], pack: LanguagePack): boolean {
  if (tellsProblem(text, last, clauses, pack)) return true;
  const short = text.length <= LONGEST_CONFIRMATION && !contentOf(pack.confirmation.yes.blank(text), pack);
  return short && pack.confirmation.yes.test(text) && pack.ticket.offered.test(last.bot);
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
