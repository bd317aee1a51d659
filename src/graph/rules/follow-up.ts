import type { PastTurn } from "../state.ts";
import { contentOf } from "./analyse.ts";
import { readable } from "./clauses.ts";
import { contentWords } from "./content-words.ts";
import { contrasted } from "./contrast.ts";
import type { LanguagePack } from "./language-pack.ts";

/** Longer messages stand on their own, whatever they begin with: Latin words count 1, Han characters a half. */
const LONGEST_FOLLOW_UP = 9;

/** Whether a message only makes sense after the one before: "and for opened ones?", "那拆封的呢？", "how long?". */
export function isFollowUp(message: string, pack: LanguagePack): boolean {
  const text = readable(message);
  const han = text.match(/\p{Script=Han}/gu)?.length ?? 0;
  const words = text.match(/[\p{Script=Latin}\p{N}']+/gu)?.length ?? 0;
  return words + han / 2 <= LONGEST_FOLLOW_UP && (pack.followUp.test(text) || isBareFrame(text, pack));
}

/** What the talk about knowledge has come to: each follow-up read with the question before it. */
export function questionBefore(history: readonly PastTurn[], pack: LanguagePack): string | undefined {
  const others = history.findLastIndex(({ intent }) => intent !== "knowledge_qa");
  return history.slice(others + 1).reduce<string | undefined>((question, { user }) => {
    const text = readable(user);
    return question !== undefined && isFollowUp(text, pack) ? withSubject(question, text, pack) : text;
  }, undefined);
}

/**
 * A follow-up as a question that stands on its own. One that turns a word into its opposite, or adds to the question, goes
 * with it; a bare "how long?" asks that of the old subject; "what about X?" asks of X what was asked before.
 */
export function withSubject(question: string, followUp: string, pack: LanguagePack): string {
  if (isBareFrame(followUp, pack)) return [withoutFrames(question, pack), ...framesOf(followUp, pack)].join(" ");
  const turned = contrasted(question, followUp, pack);
  const known = new Set(contentWords(turned));
  if (contentWords(pack.fillers.blank(followUp)).every((word) => known.has(word))) return turned;
  // "How long is the warranty on X?" asks more of X than how long, so "what about Y?" goes with the whole of it.
  const asked = contentWords(pack.fillers.blank(withoutFrames(question, pack)));
  const asksMore = asked.length > 1 && framesOf(question, pack).length > 0;
  if (turned !== question || asksMore || !pack.subjectChange.test(followUp)) return `${turned} ${followUp}`;
  const subject = tidied(pack.subjectChange.blank(followUp));
  return [subject, ...framesOf(question, pack)].join(" ");
}

/** Asks how long, how much and the like of something that it does not name. */
function isBareFrame(text: string, pack: LanguagePack): boolean {
  if (!pack.frames.some(({ words }) => words.test(text))) return false;
  const rest = pack.frames.reduce((left, { words }) => words.blank(left), text);
  return !contentOf(pack.subjectChange.blank(rest), pack);
}

function framesOf(text: string, pack: LanguagePack): readonly string[] {
  return pack.frames.filter(({ words }) => words.test(text)).map(({ search }) => search);
}

function withoutFrames(text: string, pack: LanguagePack): string {
  return tidied(pack.frames.reduce((left, { words }) => words.blank(left), text));
}

function tidied(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/\s*[?!.]+\s*$/, "")
    .trim();
}
