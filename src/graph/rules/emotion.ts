import { type Emotion, emotions } from "../language.ts";
import type { LanguagePack } from "./language-pack.ts";

export interface Mood {
  readonly emotion: Emotion;
  /** 1 to 5. */
  readonly score: number;
}

/**
 * The strongest emotion that the words of a message show. Emphasis, or a second word of the same emotion, raises the
 * score by one, never above the strongest words of that emotion. Between equals the more alarming one wins.
 */
export function moodOf(text: string, pack: LanguagePack): Mood {
  let strongest: Mood = { emotion: "neutral", score: 1 };
  for (const emotion of emotions) {
    if (emotion === "neutral") continue;
    const score = scoreOf(emotion, text, pack);
    const stronger = strongest.emotion === "neutral" ? score > 0 : score > strongest.score;
    if (stronger) strongest = { emotion, score };
  }
  return strongest;
}

function scoreOf(emotion: Exclude<Emotion, "neutral">, text: string, pack: LanguagePack): number {
  const levels = pack.emotion[emotion];
  const found = levels
    .map(({ score, words }) => ({ score, times: words.count(text) }))
    .filter(({ times }) => times > 0);
  if (found.length === 0) return 0;
  const base = Math.max(...found.map(({ score }) => score));
  const times = found.reduce((sum, level) => sum + level.times, 0);
  const limit = Math.max(...levels.map(({ score }) => score));
  return times > 1 || pack.emotion.emphasis.test(text) ? Math.min(base + 1, limit) : base;
}

export function isNegative(emotion: Emotion): emotion is "anger" | "anxiety" | "disappointment" {
  return emotion === "anger" || emotion === "anxiety" || emotion === "disappointment";
}
