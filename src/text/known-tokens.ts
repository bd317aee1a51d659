import { remember } from "./remember.ts";
import { sentenceSpans } from "./sentences.ts";
import type { KnownToken } from "./subject-numbers.ts";
import { NO_CARRY } from "./tokenise.ts";
import { wordVectors } from "./word-vectors.ts";

/** Lines of sentences: those of about 500 passages. */
const KEPT = 4_000;

/** What is found for a question is read by several, as a whole and by its sentences, and comes again for other questions. */
const lineTokens = remember(KEPT, (line) => wordVectors().read(line, NO_CARRY));

/** The tokens of a sentence, or of another short text, as `tokenise` gives them. */
export function sentenceTokens(sentence: string): readonly KnownToken[] {
  return sentence.includes("\n") ? tokensOf(sentence.split("\n")) : lineTokens(sentence).tokens;
}

/** The tokens of a text, as `tokenise` gives them, read sentence by sentence: each is read once for this and `sentenceTokens`. */
export function textTokens(text: string): readonly KnownToken[] {
  const parts: string[] = [];
  let from = 0;
  for (const { start, end } of sentenceSpans(text)) {
    for (const cut of [start, end]) {
      if (!isBetweenWords(text, cut)) continue;
      parts.push(text.slice(from, cut));
      from = cut;
    }
  }
  parts.push(text.slice(from));
  return tokensOf(parts.flatMap((part) => part.split("\n")));
}

/** White space on either side, or behind a mark that nothing joins or is composed with, as `>` is with a stroke behind it. */
function isBetweenWords(text: string, at: number): boolean {
  return /[\s。！？”」』）】]/u.test(text[at - 1] ?? " ") || /\s/u.test(text[at] ?? " ");
}

/** @param lines that together are a text, but for its line breaks. */
function tokensOf(lines: readonly string[]): readonly KnownToken[] {
  const tokens: KnownToken[] = [];
  let carry = NO_CARRY;
  for (const line of lines) {
    if (line.trim() === "") continue;
    const own = carry.denied || carry.asked ? wordVectors().read(line, carry) : lineTokens(line);
    for (const token of own.tokens) tokens.push(token);
    carry = own;
  }
  return tokens;
}
