/** What may be a telephone number: groups of digits; each part is of a bounded length, so that no text takes long. */
export const GROUPED =
  /(?<![\d.])(?<!\d[-/])(?:\+\s?\(?\d{1,4}\)?(?:[\s().-]{1,2}\d{2,8}){1,6}|\(?\d{1,4}\)?(?:[\s().-]{1,2}\d{3,8}){1,5}|0\d(?:[\s.-]\d{2}){4})(?!\d|\.\d|[-/:]\d)/g;
/** A run of digits, too long to count anything. */
export const SOLID = /(?<![\d.\uE002])\+?(?<!\d)\d{7,}(?!\d|\.\d)/g;

const FEWEST_DIGITS = 7;
const MOST_DIGITS = 19;

/** Whether groups of digits are a telephone or card number rather than several numbers. */
export function isTelephone(found: string): boolean {
  const groups = found.match(/\d+/g) ?? [];
  const digits = groups.join("");
  if (digits.length < FEWEST_DIGITS || digits.length > MOST_DIGITS) return false;
  // With the sign of a country, the brackets or the zero of an area.
  if (/^[+(]/.test(found) || (digits.startsWith("0") && digits.length > 8)) return true;
  if (groups.length === 2) return digits.length === 11 && digits.startsWith("1") && groups[0]?.length === 3;
  return digits.length >= 10 && groups.at(-1)?.length === 4;
}

/** The digits, behind "+" where they begin with the number of a country. */
export function telephoneText(found: string): string {
  const digits = found.replaceAll(/\D/g, "");
  return found.includes("+") ? `+${digits}` : digits.startsWith("00") ? `+${digits.slice(2)}` : digits;
}

/** Whether two of these texts reach the same: one may leave out its country, or its area. */
export function isSameTelephone(one: string, other: string): boolean {
  if (one === other) return true;
  if (!/^\+?\d{7,}$/.test(one) || !/^\+?\d{7,}$/.test(other)) return false;
  return isWithin(one, other) || isWithin(other, one);
}

/** Whether the longer one is the shorter one behind a country or an area. */
function isWithin(short: string, long: string): boolean {
  if (short.startsWith("+")) return false;
  const digits = long.replace("+", "");
  if (digits === short) return true;
  const national = long.startsWith("+") ? short.replace(/^0/, "") : short;
  if (!digits.endsWith(national)) return false;
  const before = digits.slice(0, -national.length);
  return long.startsWith("+") ? /^\d{1,3}$/.test(before) : /^(?:1|0\d{1,3})$/.test(before);
}
