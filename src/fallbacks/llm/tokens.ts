import type { Prompt } from "./port.ts";

/** What a message costs besides its text: its role and its borders. */
const TOKENS_PER_MESSAGE = 4;
/** The share of a context window that a reply may take: the rest is the prompt's. */
const REPLY_SHARE = 0.25;

/**
 * About how many tokens a prompt has, as a whole number: more than tokenisers count for most texts in any language, and up to
 * about twice as much for some (measured with cl100k_base and o200k_base; texts of random characters may have more). Whoever
 * chooses a window by this has room, not a limit that is broken.
 */
export function estimateTokens({ system, messages }: Prompt): number {
  return [system, ...messages.map(({ content }) => content)].reduce(
    (sum, text) => sum + TOKENS_PER_MESSAGE + tokensOfText(text),
    0,
  );
}

function tokensOfText(text: string): number {
  let quarters = 0;
  for (const character of text) quarters += ascii[character.charCodeAt(0)] ?? quartersOf(character);
  return Math.ceil(quarters / 4);
}

const ideograph = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303F\uFF00-\uFFEF]/u;

/** What one character costs, in quarters of a token: words of small letters are tokens of four of them and more. */
function quartersOf(character: string): number {
  if (/[a-z ]/.test(character)) return 1;
  if (/\p{Script=Latin}/u.test(character)) return 2;
  // Digits, brackets and quotes: tokens of one or two characters.
  if (character < "\u0080") return 3;
  if (ideograph.test(character)) return 5;
  // Emoji and rare scripts come as bytes.
  return character.length > 1 ? 12 : 4;
}

/** Most prompts are mostly ASCII, and looking a number up costs less than three patterns. */
const ascii: readonly number[] = Array.from({ length: 128 }, (_, code) => quartersOf(String.fromCharCode(code)));

/**
 * The most tokens that a reply may have: what was configured, and at most a quarter of the context window where that is known.
 * At least 1.
 */
export function outputLimit(maxOutputTokens: number, contextWindow: number | undefined): number {
  if (contextWindow === undefined) return maxOutputTokens;
  return Math.max(1, Math.min(maxOutputTokens, Math.floor(contextWindow * REPLY_SHARE)));
}
