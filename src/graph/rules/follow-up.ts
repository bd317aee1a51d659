import type { PastTurn } from "../state.ts";
import { readable } from "./clauses.ts";
import type { LanguagePack } from "./language-pack.ts";

/** Longer messages stand on their own, whatever they begin with: Latin words count 1, Han characters a half. */
const LONGEST_FOLLOW_UP = 9;

/** Whether a message only makes sense after the one before: "and for opened ones?", "那拆封的呢？". */
export function isFollowUp(message: string, pack: LanguagePack): boolean {
  const text = readable(message);
  const han = text.match(/\p{Script=Han}/gu)?.length ?? 0;
  const words = text.match(/[\p{Script=Latin}\p{N}']+/gu)?.length ?? 0;
  return words + han / 2 <= LONGEST_FOLLOW_UP && pack.followUp.test(text);
}

/** The last knowledge question that stands on its own, and so tells what a follow-up is about. */
export function questionBefore(history: readonly PastTurn[], pack: LanguagePack): string | undefined {
  for (const turn of [...history].reverse()) {
    if (turn.intent !== "knowledge_qa") return undefined;
    if (!isFollowUp(turn.user, pack)) return readable(turn.user);
  }
  return history[0] ? readable(history[0].user) : undefined;
}
