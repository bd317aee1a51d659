import { hash } from "node:crypto";
import { passageText } from "./terms.ts";

/** 128 bits: of 10 million passages, two share a key by chance once in 10^24 knowledge bases. */
const KEY_BYTES = 16;

/**
 * What the vectors of a passage are kept under: 22 letters, digits, `-` and `_`, made from all that is embedded of it. Passages
 * with the same text and the same headings share it, whatever document they are in.
 */
export function passageKey(passage: Parameters<typeof passageText>[0]): string {
  return hash("sha256", passageText(passage), "buffer").subarray(0, KEY_BYTES).toString("base64url");
}
