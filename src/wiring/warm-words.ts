import { inSlices, light, pause } from "../retrieval/slices.ts";
import { readPhrases } from "../text/phrases.ts";
import { synonymsOf } from "../text/synonyms.ts";
import { loadWordVectors } from "../text/word-vectors.ts";

/** One in each language, as the phrases of either are read when a text of it is. */
const TEXTS = ["a", "甲"];

/**
 * Reads what is known of words, which the first question would have to wait for, in slices: a fifth of a second in all, of some tens of milliseconds the longest.
 * @throws {LayerError} `aborted` when the signal fires; the first question then does what is left.
 */
export async function warmWords(signal: AbortSignal): Promise<void> {
  await inSlices(light(loadWordVectors()), signal);
  await pause(signal);
  synonymsOf("a");
  for (const text of TEXTS) {
    await pause(signal);
    readPhrases(text);
  }
}
