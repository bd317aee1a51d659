import { element, icon, setIcon } from "./dom.js";
import { keepText, language, say, wordsFor } from "./language.js";
import { layerFacts } from "./layer-facts.js";
import { orderLines, portLines } from "./layer-ports.js";
import { lengthInWords, since } from "./time.js";

const known = ["ok", "degraded", "down", "recovering", "forced"];
const stateWord = (block) => wordsFor(`state.${stateOf(block)}.${block.mode}`) ?? say(`state.${stateOf(block)}`);
const stateOf = (block) => (known.includes(block.state) ? block.state : "unknown");

/** One layer of /health as a row. `update` changes it in place, so that what is opened or focused stays so. */
export function createLayerRow(name) {
  let block = {};
  const stateIcon = icon("unknown");
  const state = element(
    "p",
    { class: "state" },
    stateIcon,
    keepText(element("span"), () => stateWord(block)),
  );
  const trouble = element("div", { class: "trouble" });
  const orders = element("ul", { class: "orders" });
  const ports = element("ol", { class: "ports" });
  const facts = element("dl");
  const details = element(
    "details",
    {},
    keepText(element("summary"), () => say("details")),
    facts,
  );
  const node = element(
    "li",
    { class: "layer", "data-layer": name },
    element(
      "h2",
      {},
      keepText(element("span"), () => wordsFor(`layer.${name}`) ?? name),
      element("code", {}, name),
    ),
    state,
    keepText(element("p", { class: "summary" }), () => servedBy(block)),
    trouble,
    orders,
    ports,
    details,
  );
  for (const line of [when, why, (now) => impact(name, now), action]) {
    trouble.append(keepText(element("p", { class: line === when ? "when" : "" }), () => line(block)));
  }

  return {
    node,
    update(next) {
      block = next;
      node.dataset.state = state.dataset.state = stateOf(block);
      setIcon(stateIcon.firstChild, block.mode === "equal" ? "equal" : stateOf(block));
      node.dataset.mode = state.dataset.mode = block.mode ?? "";
      trouble.hidden = stateOf(block) === "ok" || stateOf(block) === "unknown";
      fill(orders, orderLines(block));
      // Of the other layers there is one port to speak of, and the row says how it is.
      fill(ports, name === "llm" ? portLines(block) : []);
      const rows = layerFacts(block);
      details.hidden = rows.length === 0;
      facts.replaceChildren(...rows);
    },
  };
}

function fill(list, lines) {
  list.hidden = lines.length === 0;
  list.replaceChildren(...lines);
}

function servedBy(block) {
  const { by, configured, mode, ports } = block;
  if (block.state === "down") return say("servedNone");
  if (configured === false && !mode) return say("localOnly", { by });
  const first = ports?.[0];
  const stoodIn = mode || (block.state === "degraded" && by !== first);
  return stoodIn ? say("servedFallback", { by, first: first === by ? undefined : first }) : say("servedFirst", { by });
}

function when(block) {
  const parts = [];
  if (block.since) parts.push(since(block.since));
  const paused = Date.parse(block.cooldown_until ?? "") - Date.now();
  if (paused > 0) parts.push(say("pausedFor", { length: lengthInWords(paused) }));
  if (block.breaker?.next_probe_at) {
    const ms = Date.parse(block.breaker.next_probe_at) - Date.now();
    parts.push(ms > 0 ? say("nextCheck", { length: lengthInWords(ms) }) : say("checkingNow"));
  }
  return parts.join(language() === "zh" ? "，" : ", ");
}

const why = ({ reason }) => (reason ? say("why", { reason: wordsFor(`reason.${reason}`) ?? reason }) : "");

// The server speaks English; the page has words of its own where another language has them.
function impact(name, block) {
  const text = wordsFor(`impact.${name}.${block.state === "down" ? "down" : block.mode}`) ?? block.impact;
  return text ? say("impact", { impact: text }) : "";
}

const action = (block) => (block.action && block.action !== "none" ? say("action", { action: block.action }) : "");
