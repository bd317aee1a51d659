import type { PastTurn, Slots } from "../state.ts";
import { hasMeaning, readable } from "./clauses.ts";
import { extractEntities } from "./entities.ts";
import type { LanguagePack, LanguagePacks } from "./language-pack.ts";

/** Longer messages say more than yes or no. */
const LONGEST_ANSWER = 60;

/**
 * A plain yes or no, in any language, to the change that the last reply has shown; undefined when none was shown. "Yes,
 * return it" says the same as "yes". Whatever else a message says, asks or takes back makes it neither: nothing is changed
 * because somebody was polite.
 */
export function consentOf(
  message: string,
  last: PastTurn | undefined,
  slots: Slots,
  packs: LanguagePacks,
): "yes" | "no" | undefined {
  const shown = shownChange(last, slots, packs);
  const text = readable(message);
  if (!shown || text.length > LONGEST_ANSWER || text.includes("?")) return undefined;
  const answer = shown.numbers.reduce((rest, number) => rest.replace(new RegExp(number, "i"), " "), text);
  const readings = Object.values(packs).map((pack) => {
    const bare = pack.business.restates[shown.kind].blank(answer);
    const { yes, no } = pack.confirmation;
    return {
      saysNo: no.test(bare),
      saysYes: yes.test(bare),
      onlyNo: isPlain(no.blank(bare), pack),
      // What is left of "好吗" asks.
      onlyYes: isPlain(yes.blank(bare), pack) && !pack.knowledge.question.test(yes.blank(bare)),
    };
  });
  if (readings.some(({ saysNo }) => saysNo)) return readings.some((one) => one.saysNo && one.onlyNo) ? "no" : undefined;
  return readings.some((one) => one.saysYes && one.onlyYes) ? "yes" : undefined;
}

/** Nothing but fillers and thanks; other small talk takes note of something rather than agreeing to it. */
function isPlain(rest: string, { smallTalk, fillers }: LanguagePack): boolean {
  const thanks = smallTalk.filter(({ name }) => name === "thanks");
  return !hasMeaning(fillers.blank(thanks.reduce((left, { words }) => words.blank(left), rest)));
}

/** From what the session remembers; for an earlier turn, of which only the text is left, from the text. */
function shownChange(
  { bot }: PastTurn = { user: "", bot: "", intent: "unknown" },
  { offer }: Slots,
  packs: LanguagePacks,
) {
  if (offer) {
    const { order_id: orderId, return_id: returnId } = offer.arguments;
    return shownWith(orderId, returnId);
  }
  if (!Object.values(packs).some(({ business }) => business.offered.test(bot))) return undefined;
  const { orderId, returnId } = extractEntities(bot, packs);
  return shownWith(orderId, returnId);
}

function shownWith(orderId: string | undefined, returnId: string | undefined) {
  const numbers = [orderId, returnId].filter((number) => number !== undefined);
  return { kind: returnId === undefined ? ("createReturn" as const) : ("cancelReturn" as const), numbers };
}
