import { element, icon } from "./dom.js";
import { keepText, language, say, wordsFor } from "./language.js";
import { clockTime, since } from "./time.js";

const badgeWord = ({ layer, mode }) => wordsFor(`badge.${layer}.${mode}`) ?? say(`badge.${mode}`);

const line = (entry) =>
  say("receiptLine", {
    layer: say(`layer.${entry.layer}`),
    by: entry.by,
    since: since(entry.since),
    at: clockTime(entry.since),
    reason: wordsFor(`reason.${entry.reason}`) ?? entry.reason,
  });

/** What stood in for this answer: a badge in words that opens to say since when and why. */
export function receiptView(degradation) {
  const badges = element("span", { class: "badges" });
  for (const entry of degradation) {
    badges.append(keepText(element("span", { class: "badge" }), () => badgeWord(entry)));
  }
  const list = element("ul");
  for (const entry of degradation) list.append(keepText(element("li"), () => line(entry)));
  const equal = degradation.every((entry) => entry.mode === "equal");
  return element(
    "details",
    { class: equal ? "receipt equal" : "receipt" },
    element("summary", {}, icon(equal ? "equal" : "degraded"), badges),
    list,
  );
}

/** The notice that some layers are on their first choice again. */
export function overNotice(layers) {
  const names = () => layers.map((layer) => say(`layer.${layer}`)).join(language() === "zh" ? "、" : ", ");
  return keepText(element("p", { class: "notice over" }), () => say("overNotice", { names: names() }));
}
