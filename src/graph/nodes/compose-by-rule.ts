import { smallTalkOf } from "../rules/analyse.ts";
import { readable } from "../rules/clauses.ts";
import { isNegative } from "../rules/emotion.ts";
import type { LanguagePack, LanguagePacks } from "../rules/language-pack.ts";
import { cancelsTicket } from "../rules/ticket-answer.ts";
import type { PastTurn, Recognition } from "../state.ts";
import type { ToolResult, ToolStatus } from "../tools/tool-call.ts";
import { changeTools } from "./change-text.ts";
import { relatedText } from "./related-text.ts";
import { resultText } from "./result-text.ts";
import { isOutburst, isRefused, relatedOf } from "./sources.ts";

export interface ComposeInput {
  readonly message: string;
  readonly history: readonly PastTurn[];
  readonly recognition: Recognition;
  readonly results: readonly ToolResult[];
  /** What day it is, for a model, see `todayText`; absent: it is not told. */
  readonly today?: string;
}

/** From this score on an unpleasant emotion gets a word before the answer. */
const SOOTHED = 3;

const ticketTools: ReadonlySet<string> = new Set(["open_ticket", "ticket_status"]);

/** The reply without a model: a word for the mood, then what came back, in order, then what is still needed. */
export function composeByRule(input: ComposeInput, packs: LanguagePacks): string {
  const pack = packs[input.recognition.language];
  const parts = [...moodParts(input.recognition, pack), ...resultParts(input, pack), ...questionParts(input, pack)];
  const enough = parts.length > 0 || input.results.length > 0;
  return [...new Set(enough ? parts : [wordsAlone(input, pack)])].join("\n\n");
}

export function moodParts({ emotion, emotionScore }: Recognition, pack: LanguagePack): readonly string[] {
  return isNegative(emotion) && emotionScore >= SOOTHED ? [pack.replies.soothe[emotion]] : [];
}

function resultParts({ results, recognition }: ComposeInput, pack: LanguagePack): readonly string[] {
  const { intents } = recognition;
  const elsewhere = relatedText(relatedOf(results, intents), pack);
  return results.flatMap((result) => {
    if (isOutburst(intents) && isRefused(result)) return [pack.replies.moreHelp];
    const words = resultText(result, pack);
    return elsewhere !== undefined && isRefused(result) ? [words, elsewhere] : [words];
  });
}

/** What the user has to say before the rest can be done. */
function questionParts({ recognition, results, message }: ComposeInput, pack: LanguagePack): readonly string[] {
  const { intents } = recognition;
  const { replies, business } = pack;
  const served = (tools: (name: string) => boolean) => results.some(({ name }) => tools(name));
  const parts: string[] = [];
  if (intents.includes("business_query") && !served((name) => name.startsWith("query_") || changeTools.has(name))) {
    const text = readable(message);
    const aboutReturn = business.asks.return.test(text) || business.mentions.return.test(text);
    parts.push(aboutReturn ? replies.askReturnId : replies.askNumber);
  }
  if (intents.includes("ticket") && !served((name) => ticketTools.has(name))) parts.push(replies.askProblem);
  const onlyMood = intents.every((intent) => intent === "emotion_sensitive");
  if (onlyMood && results.length === 0) parts.push(isNegative(recognition.emotion) ? replies.moreHelp : replies.noted);
  return parts;
}

function wordsAlone({ message, history, recognition }: ComposeInput, pack: LanguagePack): string {
  const { replies } = pack;
  if (!recognition.intents.includes("chitchat")) return replies.unclear;
  const last = history.at(-1);
  if (last && cancelsTicket(message, last, pack)) {
    return pack.smallTalk.find(({ name }) => name === "acknowledgement")?.reply ?? replies.noted;
  }
  const talk = smallTalkOf(readable(message), pack)[0];
  if (recognition.emotion === "satisfaction" && talk?.name !== "farewell" && talk?.name !== "thanks") {
    return replies.satisfied;
  }
  return talk?.reply ?? replies.noted;
}

const resolving: ReadonlySet<ToolStatus> = new Set(["found", "done", "offered", "incomplete", "dropped"]);

/** Whether every part of the turn got what was asked; small talk always does. */
export function isResolved({ recognition, results }: Pick<ComposeInput, "recognition" | "results">): boolean {
  if (results.length === 0) return recognition.intents.every((intent) => intent === "chitchat");
  return results.every(({ status }) => resolving.has(status));
}
