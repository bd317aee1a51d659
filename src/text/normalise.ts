/**
 * The text of a document as it is stored and quoted: CRLF and CR become LF, byte order marks go, NUL and lone
 * surrogates become U+FFFD. Nothing else changes, so that quotes stay verbatim; every offset counts in this text.
 * Idempotent.
 */
export function normaliseText(text: string): string {
  return text
    .replace(/\uFEFF/g, "")
    .replace(/\r\n?/g, "\n")
    .replace(/\0|\p{Surrogate}/gu, "\uFFFD");
}

/**
 * The form in which texts are compared: NFKC (full-width letters and digits become plain ones), lower case, curly
 * apostrophes straight. Offsets into it say nothing about the original.
 */
export function foldText(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\u2018\u2019\u02BC]/g, "'");
}
