import { tokenise } from "../../text/tokenise.ts";

/** The words of a text that say what it is about, as terms. */
export function contentWords(text: string): readonly string[] {
  return tokenise(text)
    .filter((token) => token.kind === "word" && !token.stop)
    .map((token) => token.term);
}
