import { createHash } from "node:crypto";

/** Crockford's base 32: no I, L, O, U, so that a number can be read out and typed (https://www.crockford.com/base32.html). */
const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** The same 8 characters (40 bits) for the same operation and derivation, always. */
export function shortNumber(operationId: string, derivation: number): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([operationId, derivation]))
    .digest();
  return Array.from(hash.subarray(0, 8), (byte) => DIGITS[byte % DIGITS.length]).join("");
}

/** A fixed-width name for any text. */
export function hashOf(text: string): string {
  return createHash("sha256").update(JSON.stringify(text)).digest("hex").slice(0, 32);
}
