/** Joins pieces of a text so that no piece begins or ends within a character. */
export interface WholeCharacters {
  /** The whole characters so far; half of one is kept for the next piece. */
  take(piece: string): string;
  /** What is left at the end. */
  rest(): string;
}

/** Endpoints that escape their JSON may send the two halves of a character (a surrogate pair) in two pieces. */
export function createWholeCharacters(): WholeCharacters {
  let half = "";
  return {
    take(piece) {
      const text = half + piece;
      half = /[\uD800-\uDBFF]$/.test(text) ? text.slice(-1) : "";
      return wellFormed(text.slice(0, text.length - half.length));
    },
    rest() {
      const text = wellFormed(half);
      half = "";
      return text;
    },
  };
}

/** The text with U+FFFD for each half character that stands alone, which has no form in UTF-8. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\uFFFD");
}
