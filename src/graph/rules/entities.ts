import { languages } from "../language.ts";
import type { Slots } from "../state.ts";
import { readable } from "./clauses.ts";
import type { LanguagePack, LanguagePacks } from "./language-pack.ts";

type NumberKind = keyof LanguagePack["numbers"];

/**
 * Numbers and addresses that a message names, whatever its language: upper case, without spaces (an e-mail address in
 * lower case). What was read as one kind is not read as another, so a phone number is no order number.
 */
export function extractEntities(message: string, packs: LanguagePacks): Slots {
  let rest = readable(message);
  const take = (kind: NumberKind): string | undefined => {
    for (const language of languages) {
      for (const expression of packs[language].numbers[kind]) {
        const match = [...rest.matchAll(expression)][0];
        if (!match) continue;
        rest = rest.slice(0, match.index) + "|" + rest.slice(match.index + match[0].length);
        return match.slice(1).join("").replaceAll(" ", "").toUpperCase();
      }
    }
    return undefined;
  };
  const email = take("email")?.toLowerCase();
  const ticketId = take("ticket");
  const returnId = take("return");
  const contact = take("phone") ?? email;
  const orderId = take("order");
  return {
    ...(orderId === undefined ? {} : { orderId }),
    ...(returnId === undefined ? {} : { returnId }),
    ...(ticketId === undefined ? {} : { ticketId }),
    ...(contact === undefined ? {} : { contact }),
  };
}
