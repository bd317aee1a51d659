/** What stands where something was hidden. */
const HIDDEN = "…";

const MAIL = /[\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}.-]{1,255}/gu;
/** Six digits or more, with the letters before them and single marks or blanks between them: telephones, orders, tickets, cards. */
const NUMBER = /(?:[A-Za-z]{1,8}[-_#]?)?\p{Nd}(?:[ ./()_-]{0,2}\p{Nd}){5,}/gu;

/**
 * A user's words without mail addresses and without numbers of six digits or more: whoever looks after the knowledge base has to know what was
 * asked, and not whose order or telephone it was. Of whatever else names a person nothing is hidden.
 */
export function hideNumbers(text: string): string {
  return text.replace(MAIL, HIDDEN).replace(NUMBER, HIDDEN);
}
