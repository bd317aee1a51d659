import { GROUPED, isTelephone, SOLID, telephoneText } from "./telephones.ts";
import { unitOf } from "./units.ts";

/** What is written with digits or signs and means one thing only: an order number, a telephone number, an address. */
export interface NameFigure {
  readonly kind: "name";
  /**
   * As it is compared: lower case; of telephone numbers the digits, behind "+" where a country is named; of addresses without what may
   * be left out; of codes letters and digits, of versions "v2.1".
   */
  readonly text: string;
  /** It leads somewhere, or reaches somebody. */
  readonly address: boolean;
}

/** What no address goes on with: gaps, brackets, quotation marks, and the signs and characters of Chinese, folded or not. */
const GO_ON = "[^\\s<>\"'`|\\\\()\\[\\]{}（）【】「」『』《》〈〉“”,，。、;；!！…\\p{Script=Han}]";
const TOP =
  "com|org|net|io|cn|uk|de|eu|info|shop|store|app|dev|co|biz|me|top|xyz|site|online|vip|cc|tv|ru|fr|nl|jp|kr|hk|tw|sg|au|br|ch|se|fi|pl|ai|gov|edu|link|click|asia|cloud|example|test|invalid|中国";
const HOST = "[\\p{L}\\p{N}-]+(?:\\.[\\p{L}\\p{N}-]+)*";
/** Parts are of a bounded length, or begin where nothing of the kind is before them: the time is in proportion to the text. */
const ADDRESS = new RegExp(
  [
    // A host in Chinese characters ends with its letters, one in plain letters before the first Chinese one.
    `https?:\\/\\/(?=\\p{Script=Han})${HOST}(?:[:/?#]${GO_ON}*)?`,
    `(?:https?:\\/\\/|www\\.)${GO_ON}+`,
    "(?<![\\w.+-])[\\w.+-]{1,64}@[\\w-]{1,63}(?:\\.[\\w-]{1,63}){1,8}",
    `(?<![a-z0-9-])(?:[a-z0-9-]{1,63}\\.){1,8}(?:${TOP})(?![a-z0-9-])(?:\\.[a-z0-9-]{2,63}){0,4}(?::\\d{1,5})?(?:[/?#]${GO_ON}*)?`,
  ].join("|"),
  "gu",
);
const VERSION = /(?<![a-z])(?:version|ver|v)\.?\s?(\d+(?:\.\d+)*)(?![a-z\d])|版本号?\s?(\d+(?:\.\d+)*)(?![a-z\d])/gu;
/** Letters and digits in one word, a number behind letters and a hyphen, and what is masked. */
const CODE =
  /(?<![a-z])[a-z]+\d[a-z0-9_-]*(?:\.\d[a-z0-9]*)*|\b[a-z]{1,5}-(?=[a-z]*\d)[a-z0-9]{4,}\b|(?<!\d)\d{1,19}(?:\\?\*)+\d+/g;
/** "RMB100" is a price. */
const PRICE = /^(?:cny|rmb|usd|eur|gbp|hkd)\d+(?:\.\d+)?$/;
const ROUND = /0{5,}$/;

type Read = (
  found: string,
  after: string,
  before: string,
  groups: readonly (string | undefined)[],
) => string | undefined;

/** The names in a folded text, and the text with each of them blanked. */
export function namesIn(text: string): { readonly names: readonly NameFigure[]; readonly rest: string } {
  const names: NameFigure[] = [];
  const take = (from: string, form: RegExp, address: boolean, read: Read) =>
    from.replace(form, (found: string, ...rest: (string | number | undefined)[]) => {
      const at = Number(rest.find((part) => typeof part === "number"));
      const groups = rest.filter((part) => typeof part !== "number").slice(0, -1);
      const name = read(
        found,
        from.slice(at + found.length, at + found.length + NEAR),
        from.slice(Math.max(0, at - NEAR), at),
        groups,
      );
      if (name === undefined) return found;
      names.push({ kind: "name", text: name, address });
      return " ".repeat(found.length);
    });
  let rest = take(text, ADDRESS, true, addressText);
  rest = take(rest, VERSION, false, (_, __, ___, groups) => `v${groups.find((group) => group !== undefined) ?? ""}`);
  rest = take(rest, CODE, false, (found) => (PRICE.test(found) ? undefined : found.replaceAll(/[-_\\]/g, "")));
  rest = take(rest, GROUPED, true, (found) => (isTelephone(found) ? telephoneText(found) : undefined));
  rest = take(rest, SOLID, true, (found, after, before) => {
    const counts =
      !found.startsWith("+") && (ROUND.test(found) || unitOf(after, before) !== null || /^\s*[万亿]/.test(after));
    return counts ? undefined : telephoneText(found);
  });
  return { names, rest };
}

/** UTF-16 units beside a number that say what it is. */
const NEAR = 40;

function addressText(found: string): string {
  let end = found.length;
  while (end > 0 && "/.,;:!?*_~".includes(found.charAt(end - 1))) end -= 1;
  return found
    .slice(0, end)
    .replace(/^https?:\/\//, "")
    .replace(/^www\./, "");
}
