/** Below this length a telephone number would be given away by its first three and last four digits. */
const FULL_LENGTH = 11;
const SHORT_LENGTH = 6;

/**
 * A telephone number such as 138****1234: the first 3 and the last 4 digits. Of a shorter one only the last 2 are left,
 * of one below 6 digits nothing. A number that was masked before stays as it is.
 */
export function maskPhone(phone: string): string {
  const digits = phone.normalize("NFKC").replaceAll(/[^\d*]/g, "");
  if (digits.length >= FULL_LENGTH) return `${digits.slice(0, 3)}****${digits.slice(-4)}`;
  return digits.length >= SHORT_LENGTH ? `****${digits.slice(-2)}` : "****";
}
