import { foldText } from "../../text/normalise.ts";
import { unitOf } from "./units.ts";

/** What numbers the parts of a text: keycaps, circled digits (to 20), "[1]", "(1)". Unfolded: folding makes plain digits of the signs. */
const MARKS =
  /(\d)\uFE0F?\u20E3|([\u2460-\u249B\u24F5-\u24FE\u2776-\u2793])|[[【]\^?(\d{1,2})[\]】](?!\()|(?<![\d+]\s?)[(（](\d{1,2})[)）](?!\s?\d{3})/gu;
const MOST = 20;
const NEAR = 40;

const fractions = new Map([
  ["½", 0.5],
  ["¼", 0.25],
  ["¾", 0.75],
  ["⅓", 1 / 3],
  ["⅔", 2 / 3],
]);
const FRACTION = /\s?([½¼¾⅓⅔])/g;

/** The text without the digits that only number its parts. Where a unit follows ("(30) days") it is a figure and is kept. */
export function withoutMarks(text: string): string {
  return text.replace(MARKS, (found: string, ...rest: (string | number | undefined)[]) => {
    const at = Number(rest.find((part) => typeof part === "number"));
    const digits = rest.slice(0, 4).find((group) => group !== undefined) ?? "";
    const value = typeof digits === "string" ? digits.normalize("NFKC").replaceAll(/\D/g, "") : "";
    const after = foldText(text.slice(at + found.length, at + found.length + NEAR));
    const isFigure = unitOf(after, "") !== null || Number(value) > MOST;
    return isFigure ? ` ${value} ` : " ";
  });
}

/** "1½" and "½" in digits: folding makes "11⁄2" of the one. */
export function withPlainFractions(text: string): string {
  return text.replace(FRACTION, (_, sign: string, at: number) => {
    const part = String(fractions.get(sign) ?? 0);
    return /\d/.test(text.charAt(at - 1)) ? part.slice(1) : ` ${part}`;
  });
}

/** Digits of any script as those of ASCII: "٣٠" is 30. */
export function withPlainDigits(text: string): string {
  return text.replaceAll(/(?!\d)\p{Nd}/gu, (digit) => {
    const code = digit.codePointAt(0) ?? 0;
    let value = 0;
    // The ten digits of a script stand in order behind its zero.
    while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code - value - 1))) value += 1;
    return String(value);
  });
}
