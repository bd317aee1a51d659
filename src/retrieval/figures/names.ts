/** What is written with digits or signs and means one thing only: an order number, a telephone number, an address. */
export interface NameFigure {
  readonly kind: "name";
  /** As it is compared: lower case, of telephone numbers the digits alone, of addresses without what may be left out. */
  readonly text: string;
  /** It leads somewhere, or reaches somebody. */
  readonly address: boolean;
}

const ADDRESS =
  /(?:https?:\/\/|www\.)[^\s<>"'）)\]】。，、；]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\b(?:[a-z0-9-]+\.)+(?:com|org|net|io|cn|uk|de|eu|info|shop|store|app|dev|co|biz|me|example|test|invalid)\b(?:\/[^\s<>"'）)\]】。，、；]*)?/gu;
const TELEPHONE =
  /\+?(?<![\d.])\d{2,4}(?:[\s-]|[()]){1,2}\d{3,4}(?:[\s-]?\d{3,4})+(?![\d.])|(?<![\d.])\d{7,}(?![\d.])/g;
/** Letters and digits in one word, a number behind letters and a hyphen, and what is masked. */
const CODE = /[a-z]+\d[a-z0-9_-]*|\b[a-z]{1,5}-(?=[a-z]*\d)[a-z0-9]{4,}\b|\d+\*+\d+/g;

/** The names in a folded text, and the text with each of them blanked. */
export function namesIn(text: string): { readonly names: readonly NameFigure[]; readonly rest: string } {
  const names: NameFigure[] = [];
  const take = (from: string, form: RegExp, read: (found: string) => Omit<NameFigure, "kind">) =>
    from.replace(form, (found) => {
      names.push({ kind: "name", ...read(found) });
      return " ".repeat(found.length);
    });
  let rest = take(text, ADDRESS, (found) => ({
    text: found
      .replace(/^https?:\/\//, "")
      .replace(/^www\./, "")
      .replace(/[/.,;:!?*_]+$/, ""),
    address: true,
  }));
  rest = take(rest, CODE, (found) => ({ text: found.replaceAll(/[-_]/g, ""), address: false }));
  rest = take(rest, TELEPHONE, (found) => ({ text: found.replaceAll(/\D/g, ""), address: true }));
  return { names, rest };
}
