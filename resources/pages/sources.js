import { ProblemError, request } from "./api.js";
import { byId, element } from "./dom.js";
import { keepText, markLanguage, say } from "./language.js";

/** Numbered chips, one for each passage behind the answer. */
export function sourceChips(sources) {
  const list = element("ul", { class: "sources" });
  keepLabel(list);
  sources.forEach((source, index) => {
    const name =
      source.heading && source.heading !== source.title ? `${source.title} · ${source.heading}` : source.title;
    const chip = element("button", { type: "button" }, element("b", {}, String(index + 1)), element("span", {}, name));
    chip.addEventListener("click", () => openSource(source));
    list.append(element("li", {}, chip));
  });
  return list;
}

function keepLabel(list) {
  list.dataset.label = "sources";
  list.setAttribute("aria-label", say("sources"));
}

/** Opens the panel at once with the quoted sentence, then shows it marked inside its whole passage. */
async function openSource(source) {
  const dialog = byId("source");
  const passage = byId("source-passage");
  byId("source-title").textContent = source.title;
  byId("source-heading").textContent = source.heading === source.title ? "" : source.heading;
  byId("source-note").hidden = true;
  showLink(source.url);
  passage.replaceChildren(element("mark", {}, source.quote));
  markLanguage(passage);
  dialog.dataset.chunk = source.chunk_id;
  dialog.showModal();
  try {
    const response = await request(`/api/v1/sources/${encodeURIComponent(source.chunk_id)}`);
    const whole = await response.json();
    if (dialog.dataset.chunk === source.chunk_id) passage.replaceChildren(...marked(whole, source));
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    if (dialog.dataset.chunk === source.chunk_id) showNote(error.problem.code);
  }
}

/** The passage with the quote marked; the passage alone when the quote is no longer in it. */
function marked(whole, source) {
  let start = source.start - whole.start;
  if (whole.quote.slice(start, start + source.quote.length) !== source.quote) start = whole.quote.indexOf(source.quote);
  if (start < 0) return [whole.quote];
  const end = start + source.quote.length;
  return [whole.quote.slice(0, start), element("mark", {}, source.quote), whole.quote.slice(end)];
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
