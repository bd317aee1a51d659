import { ProblemError, request } from "./api.js";
import { byId, element } from "./dom.js";
import { keepText, markLanguage, say } from "./language.js";

const ofSources = { eyebrow: "sourceEyebrow", gone: "sourceGone", unavailable: "sourceUnavailable" };
const ofRelated = { eyebrow: "relatedEyebrow", gone: "relatedGone", unavailable: "relatedUnavailable" };

/** Opens the panel at once with the sentences that were quoted of one passage, then shows them marked inside all of it. */
export function openSource(quoted) {
  return open(quoted[0], quoted, ofSources);
}

/** Opens the panel with a passage of which nothing was quoted. */
export function openRelated(place) {
  return open(place, [], ofRelated);
}

async function open({ title, heading, url, chunk_id: id }, quoted, words) {
  const dialog = byId("source");
  const passage = byId("source-passage");
  keepText(byId("source-eyebrow"), () => say(words.eyebrow));
  byId("source-title").textContent = title;
  byId("source-heading").textContent = heading === title ? "" : heading;
  byId("source-note").hidden = true;
  showLink(url);
  show(
    passage,
    quoted.flatMap(({ quote }) => [element("mark", {}, quote), " "]),
  );
  dialog.dataset.chunk = id;
  dialog.showModal();
  try {
    const response = await request(`/api/v1/sources/${encodeURIComponent(id)}`);
    const whole = await response.json();
    if (dialog.dataset.chunk === id) show(passage, marked(whole, quoted));
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    if (dialog.dataset.chunk === id)
      showNote(error.problem.code === "passage_not_found" ? words.gone : words.unavailable);
  }
}

function show(passage, parts) {
  passage.replaceChildren(...parts);
  markLanguage(passage);
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

function showNote(words) {
  const note = byId("source-note");
  keepText(note, () => say(words));
  note.hidden = false;
}

function showLink(url) {
  const place = byId("source-link");
  place.hidden = !url || !/^https?:\/\//i.test(url);
  if (place.hidden) return;
  const link = element("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, new URL(url).host);
  place.replaceChildren(link);
}
