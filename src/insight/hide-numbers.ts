/** What stands where something was hidden. */
const HIDDEN = "…";

/**
 * A local part of RFC 5322 without quotes, or in letters of any script; the full-width @ is what a Chinese keyboard gives. A word begins where
 * no such character is before it: in a long one without an @ nothing is looked for twice.
 */
const LOCAL = String.raw`[\p{L}\p{M}\p{N}.!#$%&'’*+/=?^_${"`"}{|}~-]`;
const MAIL = new RegExp(String.raw`(?<!${LOCAL})${LOCAL}+[@＠][\p{L}\p{M}\p{N}.-]{1,255}`, "gu");

/** Between two digits: blanks, hyphens and dashes of any kind, points, strokes, brackets, and marks that only turn the direction of writing. */
const BETWEEN = String.raw`[\s\p{Pd}./()_\u200b-\u200f\u202a-\u202e\u2060-\u2069]{0,3}`;
/** Six digits or more, with the letters before them and a few marks or blanks between them: telephones, orders, cards. */
const NUMBER = new RegExp(String.raw`(?:[A-Za-z]{1,8}[\p{Pd}_#]?)?\p{Nd}(?:${BETWEEN}\p{Nd}){5,}`, "gu");
/** Of our own tickets (`shortNumber`), which may have more letters than digits. */
const TICKET = /(?<![A-Z0-9])TK[\s\p{Pd}_#]{0,3}[0-9A-HJKMNP-TV-Z]{8}(?![A-Z0-9])/giu;

/**
 * A user's words without mail addresses, ticket numbers and numbers of six digits or more: whoever looks after the knowledge base has to know
 * what was asked, and not whose order or telephone it was. Of whatever else names a person nothing is hidden.
 */
export function hideNumbers(text: string): string {
  return text.replace(MAIL, HIDDEN).replace(TICKET, HIDDEN).replace(NUMBER, HIDDEN);
}
