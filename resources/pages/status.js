import { request } from "./api.js";
import { byId, element, setIcon } from "./dom.js";
import { keepText, refreshTexts, say, startLanguage, wordsFor } from "./language.js";
import { createLayerRow } from "./layer-row.js";
import { clockTime, lengthInWords } from "./time.js";

const POLL_MS = 2_000;
// A server that hangs is as much away as one that refuses.
const PATIENCE_MS = 5_000;

const rows = new Map();
let state = "loading";
let answeredAt;
let asking = false;
let timer;

async function poll() {
  if (asking) return;
  asking = true;
  clearTimeout(timer);
  try {
    const response = await request("/health", {
      accept: [503],
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    show(await response.json());
  } catch {
    // Whatever the reason, this page has one thing to say: no answer, and since when.
    state = "away";
  }
  asking = false;
  showHeadline();
  timer = setTimeout(poll, POLL_MS);
}

function show(health) {
  answeredAt = Date.now();
  state = health.status;
  for (const [name, block] of Object.entries(health.layers ?? {})) {
    if (!rows.has(name)) {
      rows.set(name, createLayerRow(name));
      byId("layers").append(rows.get(name).node);
    }
    rows.get(name).update(block);
  }
  const notices = health.notices ?? [];
  byId("notices").replaceChildren(...notices.map(noticeView));
  byId("notices").hidden = notices.length === 0;
}

// Notices come with the names and times of the machine; people get theirs.
function noticeView(notice) {
  const text = () =>
    notice
      .replace(/^(\w+)(?=: )/, (layer) => wordsFor(`layer.${layer}`) ?? layer)
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, clockTime);
  return keepText(element("li", { class: "notice" }), text);
}

function showHeadline() {
  const icons = { ok: "ok", degraded: "degraded", down: "down", away: "down" };
  byId("headline").dataset.state = state;
  setIcon(byId("headline-icon"), icons[state] ?? "unknown");
  byId("layers").classList.toggle("stale", state === "away");
  document.title = `${title()} · Understudy`;
  refreshTexts();
}

const title = () => (state === "loading" ? say("statusLoading") : say(`status.${state}`));

function detail() {
  if (state === "loading") return "";
  if (!answeredAt) return say("statusNever");
  const at = clockTime(answeredAt);
  return state === "away"
    ? say("statusNoAnswer", { at, length: lengthInWords(Date.now() - answeredAt) })
    : say("statusChecked", { at });
}

keepText(byId("headline-title"), title);
keepText(byId("headline-detail"), detail);
startLanguage(showHeadline);
setInterval(refreshTexts, 1000);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) poll();
});
poll();
