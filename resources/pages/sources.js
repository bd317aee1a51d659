import { ProblemError, request } from "./api.js";
import { byId, element } from "./dom.js";
import { keepText, markLanguage, say } from "./language.js";

/** Numbered chips, one for each passage behind the answer, whose panel marks every sentence taken from it. */
export function sourceChips(sources) {
  const list = element("ul", { class: "sources" });
  keepLabel(list);
  byPassage(sources).forEach((quoted, index) => {
    const { title, heading } = quoted[0];
    const name = heading && heading !== title ? `${title} · ${heading}` : title;
    const chip = element("button", { type: "button" }, element("b", {}, String(index + 1)), element("span", {}, name));
    chip.addEventListener("click", () => openSource(quoted));
    list.append(element("li", {}, chip));
  });
  return list;
}

/** The sources of each passage together, in the order of their first mention. */
function byPassage(sources) {
  const groups = new Map();
  for (const source of sources) groups.set(source.chunk_id, [...(groups.get(source.chunk_id) ?? []), source]);
  return [...groups.values()];
}

function keepLabel(list) {
  list.dataset.label = "sources";
  list.setAttribute("aria-label", say("sources"));
}

/** Opens the panel at once with the quoted sentences, then shows them marked inside their whole passage. */
async function openSource(quoted) {
  const { title, heading, url, chunk_id: id } = quoted[0];
  const dialog = byId("source");
  const passage = byId("source-passage");
  byId("source-title").textContent = title;
  byId("source-heading").textContent = heading === title ? "" : heading;
  byId("source-note").hidden = true;
  showLink(url);
  passage.replaceChildren(...quoted.flatMap(({ quote }) => [element("mark", {}, quote), " "]));
  markLanguage(passage);
  dialog.dataset.chunk = id;
  dialog.showModal();
  try {
    const response = await request(`/api/v1/sources/${encodeURIComponent(id)}`);
    const whole = await response.json();
    if (dialog.dataset.chunk === id) passage.replaceChildren(...marked(whole, quoted));
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    if (dialog.dataset.chunk === id) showNote(error.problem.code);
  }
}

/** The passage with its quotes marked; one that is no longer in it, or lies over another one, is left out. */
function marked(whole, quoted) {
  const starts = quoted.map((source) => ({ start: placeOf(source, whole), quote: source.quote }));
  const parts = [];
  let at = 0;
  for (const { start, quote } of starts.sort((a, b) => a.start - b.start)) {
    if (start < at) continue;
    parts.push(whole.quote.slice(at, start), element("mark", {}, quote));
    at = start + quote.length;
  }
  return [...parts, whole.quote.slice(at)];
}

/** Where the quote begins in the passage; -1 when it is not there. */
function placeOf(source, whole) {
  const start = source.start - whole.start;
  if (whole.quote.slice(start, start + source.quote.length) === source.quote) return start;
  return whole.quote.indexOf(source.quote);
}

function showNote(code) {
  const note = byId("source-note");
  keepText(note, () => say(code === "passage_not_found" ? "sourceGone" : "sourceUnavailable"));
  note.hidden = false;
}

function showLink(url) {
  const place = byId("source-link");
  place.hidden = !url || !/^https?:\/\//i.test(url);
  if (place.hidden) return;
  const link = element("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, new URL(url).host);
  place.replaceChildren(link);
}
