import { element, icon } from "./dom.js";
import { keepText, say, wordsFor } from "./language.js";

/** The hand-off card: that a person takes over, why, and what that person will read. */
export function handoffView(card) {
  const facts = element("dl");
  const fact = (key, make) =>
    facts.append(
      keepText(element("dt"), () => say(key)),
      keepText(element("dd"), make),
    );
  fact("handoffReason", () => wordsFor(`handoff.${card.reason}`) ?? card.reason);
  fact("handoffPriority", () => wordsFor(`priority.${card.priority}`) ?? card.priority);
  fact("handoffReference", () => card.handoff_id);
  if (card.tickets?.length > 0) fact("handoffTickets", () => card.tickets.join(", "));
  fact("handoffSummary", () => card.summary);
  const title = keepText(element("span"), () => say("handoffTitle"));
  return element("section", { class: "handoff" }, element("h2", {}, icon("person"), title), facts);
}
