import { element } from "./dom.js";
import { keepText, say } from "./language.js";
import { openRelated, openSource } from "./source-panel.js";

/** Numbered chips, one for each passage behind the answer, whose panel marks every sentence taken from it. */
export function sourceChips(sources) {
  const chips = byPassage(sources).map((quoted, index) =>
    chip(() => openSource(quoted), element("b", {}, String(index + 1)), nameOf(quoted[0])),
  );
  return chipList("sources", chips);
}

/** Where the answer may be to what was refused: chips without numbers, as nothing is cited from them. */
export function relatedChips(related) {
  const label = keepText(element("p", { class: "related-label" }), () => say("relatedLabel"));
  const chips = related.map((place) => chip(() => openRelated(place), nameOf(place)));
  return element("div", { class: "related" }, label, chipList("related", chips));
}

/** The sources of each passage together, in the order of their first mention. */
function byPassage(sources) {
  const groups = new Map();
  for (const source of sources) groups.set(source.chunk_id, [...(groups.get(source.chunk_id) ?? []), source]);
  return [...groups.values()];
}

function nameOf({ title, heading }) {
  return element("span", {}, heading && heading !== title ? `${title} · ${heading}` : title);
}

function chip(open, ...parts) {
  const button = element("button", { type: "button" }, ...parts);
  button.addEventListener("click", open);
  return button;
}

function chipList(label, chips) {
  const list = element("ul", { class: "sources" }, ...chips.map((each) => element("li", {}, each)));
  list.dataset.label = label;
  list.setAttribute("aria-label", say(label));
  return list;
}
